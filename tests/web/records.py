"""Sample views of one entry of the record, under a checkpoint and not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from csirt.model.health import PartState
from csirt.texts.catalogs import catalog
from csirt.web.look import View
from csirt.web.views import checkpoints, entry, frame
from tests.web.cast import NOW, Words, a_frame

ROOT = "q7J0mRkqk2m1cV6u4b8mTzq0R0m4J2c9D3n5P7s9V1o="
RAW = (
    '{"actor":{"auth":"ldap","id":"p-7k2m9x4q1v8z","sid":"9f2c"},"boot":"6c1e00a1b2c3","inc":"i-0192f0aabbcc","inc_prev":"'
    + ROOT
    + '","inc_seq":41,"kind":"LEVEL_SET","mono":81234567,"out":{"level":3},"pay":[{"alg":"hmac-sha256-v1","c":"'
    + ROOT
    + '","cls":"text","name":"reason"}],"seq":733,"src":"web","ts":"2026-11-22T09:12:33.123456Z","v":1}'
)


def an_entry(language: str) -> entry.EntryPage:
    """A level that was raised, with its proof."""
    say, words = Words(language), catalog(language)
    facts = (
        ("entry.at", say("令和8年11月22日(日) 18:12", "2026-11-22 18:12 JST")),
        ("entry.who", say("渡辺 慎一（情報戦略課長）", "Shinichi Watanabe (head of the ICT strategy section)")),
        ("entry.by_which_way", words.say("entry.way", {"src": "web", "auth": "ldap"})),
        ("incident.number", say("令和8年度 第12号", "FY2026 No. 12")),
    )
    level = words.gettext("state_of.incident"), words.gettext("state.level")
    proof = entry.ProofBox(
        state="holds", text=words.say("proof.holds", {"seq": 733, "size": 1050}),
        line=f"city-999999.csirt/record 1050 {ROOT}", signed_at=NOW, path=(ROOT,) * 11, file="/audit/entries/733/proof",
    )  # fmt: skip
    return entry.EntryPage(
        seq=733,
        kind=words.gettext("kind.LEVEL_SET"),
        text=say(
            "重大度を「重大」とした。理由: 窓口の業務が止まった。",
            "Set the level to grave. Reason: counters stand still.",
        ),
        facts=tuple(frame.Fact(label=words.gettext(code), value=text) for code, text in facts),
        reasons=(
            frame.Fact(
                label=words.gettext("state.reason"), value=say("窓口の業務が止まった。", "Counters stand still.")
            ),
        ),
        changes=(
            entry.ChangeRow(
                of=level[0], label=level[1], before=words.gettext("level.2"), after=words.gettext("level.3")
            ),
        ),
        proof=proof,
        raw=RAW,
        leaf=ROOT,
        incident_href="/incidents/i-1",
        older="/audit/entries/732",
        newer="/audit/entries/734",
    )


def some_checkpoints(language: str) -> checkpoints.CheckpointsPage:
    """A record that is signed each minute, with ways outside in every state."""
    words = catalog(language).gettext
    signers = (words("signer.log"), words("signer.quantum"))
    kept = tuple(
        checkpoints.KeptRow(
            size=1050 - 97 * day, root=ROOT, at=NOW - timedelta(days=day), signers=signers,
            outside=(words("anchor.file"), words("anchor.mail")) if day else (), note=f"/audit/checkpoints/{day}.note",
        )
        for day in range(4)
    )  # fmt: skip
    rows = (("file", True, PartState.OK), ("paper", True, PartState.LATE), ("mail", True, PartState.DOWN),
            ("stamp", False, PartState.OK), ("witness", False, PartState.OK))  # fmt: skip
    return checkpoints.CheckpointsPage(
        newest=kept[0],
        line=f"city-999999.csirt/record 1050 {ROOT}",
        key="city-999999.csirt/record+9f2c51aa",
        age=timedelta(seconds=41),
        waiting=3,
        ways=tuple(
            checkpoints.WayRow(
                called=words(f"anchor.{way}"), is_on=on, state=state, at=NOW if on else None, size=1047 if on else None,
                note=words(f"anchor.off.{way}") if not on else words("health.why.anchor_old") if todo else "",
                todo=words("health.todo.anchor") if todo else "",
            )
            for way, on, state in rows
            for todo in (state is not PartState.OK,)
        ),
        kept=kept,
    )  # fmt: skip


def record_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Name, frame and view."""
    page, words = an_entry(language), catalog(language)
    around = a_frame(language, "audit")
    yield "entry", around, page
    broken = entry.ProofBox(state="broken", text=words.say("proof.broken", {"seq": 733, "size": 1050}))
    yield "entry_broken", around, replace(page, proof=broken, changes=(), reasons=())
    yield (
        "entry_not_yet",
        around,
        replace(page, proof=entry.ProofBox(state="not_yet", text=words.gettext("proof.not_yet"))),
    )
    page_of_all = some_checkpoints(language)
    yield "checkpoints", around, page_of_all
    alarm = words.gettext("health.why.checkpoint_old")
    yield "checkpoints_old", around, replace(page_of_all, state=PartState.DOWN, alarm=alarm, age=timedelta(hours=9))
    yield "checkpoints_none", around, checkpoints.CheckpointsPage(state=PartState.LATE)
