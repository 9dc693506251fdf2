"""Sample steps to answer, call sheets, contact chains and audit pages."""

from dataclasses import replace
from datetime import date, timedelta

from csirt.model.contact import Need, StopOn
from csirt.model.incident import IncidentType, Level
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.web.views import acknowledge, assignment, audit, chains, errands, frame, holding
from tests.web.cases import a_timeline
from tests.web.cast import MINUTE, NOW, Words


def some_assignments(say: Words) -> assignment.Assignments:
    """A to-do list."""
    row = assignment.AssignmentRow(
        href="/assignments/a-1",
        title=say("税務課の区画を切り離す", "Cut off the tax section"),
        incident=say("令和8年度 第12号", "FY2026 No. 12"),
        who=say("統括情報セキュリティ責任者", "Director"),
        incident_title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        opened_at=NOW - 90 * MINUTE,
        due=NOW - 5 * MINUTE,
    )
    call = replace(
        row,
        href="/call-sheets/a-7",
        title=say("徳島県へ電話する", "Phone the prefecture"),
        kind=StepKind.CALL,
        due=NOW + 50 * MINUTE,
    )
    duty = assignment.DutyTodo(
        label=say("個人情報保護委員会への速報", "Preliminary report to the commission"),
        incident=row.incident,
        incident_title=row.incident_title,
        href="/incidents/i-1/duties#d-1",
        in_charge=say("個人情報担当", "Privacy officer"),
        due=NOW + timedelta(days=2),
        uncertain=True,
    )
    return assignment.Assignments(
        rows=(
            replace(row, taken_by=say("中村 豊", "Yutaka Nakamura"), mine=True),
            call,
            replace(row, due=None, drill=True, referred=True, taken_by=say("高橋 美咲", "Misaki Takahashi")),
        ),
        duties=(duty, replace(duty, due=None, drill=True)),
    )


def an_assignment(say: Words) -> assignment.AssignmentPage:
    """A step that asks for an approval, with facts and extra fields."""
    return assignment.AssignmentPage(
        id="a-1",
        incident_id="i-1",
        incident=say("令和8年度 第12号", "FY2026 No. 12"),
        incident_title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        title=say("税務課の区画を切り離してよいですか", "May the tax section be cut off?"),
        who=say("統括情報セキュリティ責任者", "Director"),
        opened_at=NOW - 40 * MINUTE,
        due=NOW + 20 * MINUTE,
        instruction=say(
            "切り離すと窓口の証明書発行が止まります。\n業務継続計画の紙運用に切り替わることを確認してください。",
            "Certificates can then not be issued at the counter.\nMake sure that paper operation is ready.",
        ),
        facts=(
            frame.Fact(label=say("影響する端末", "Computers"), values=("TAX-PC-017", "TAX-PC-018", "TAX-SV-002")),
            frame.Fact(
                label=say("検知の内容", "Detection"), value="ET MALWARE Win32/LockBit Ransomware Checkin Activity"
            ),
        ),
        choices=(
            assignment.AnswerChoice(code="approve", label=say("承認する", "Approve")),
            assignment.AnswerChoice(code="refuse", label=say("承認しない", "Do not approve"), needs_reason=True),
        ),
        fields=_fields(say),
        form=frame.Form(key="k-3"),
    )


def in_hand(say: Words) -> holding.InHand:
    """What one has in hand oneself, handed over with a note, after it came up from below."""
    return holding.InHand(
        acts=("give_back", "hand_over", "cannot", "send_back"),
        holder="p-1",
        by=say("中村 豊 総務部長", "Yutaka Nakamura, Director"),
        mine=True,
        since=NOW - 10 * MINUTE,
        handed_by=say("佐藤 健一 主査", "Kenichi Sato, officer"),
        note=say("業者には連絡済み。\n折り返しを待っています。", "The vendor has been called.\nThey will call back."),
        referred_from=say("情報システム管理者", "System manager"),
        referred_by=say("高橋 美咲", "Misaki Takahashi"),
        reason=say("機器室の鍵が手元にないため。", "Nobody here has the key of the machine room."),
        up=say("最高情報セキュリティ責任者", "CISO"),
        people=(frame.Option(value="p-3", label=say("加藤 理恵 総務課長", "Rie Kato, general affairs")),),
    )


def an_errand_form(say: Words) -> errands.AskErrand:
    """The form by which something is asked beside the playbook, come back without a person."""
    return errands.AskErrand(
        incident_id="i-1",
        incident=say("令和8年度 第12号", "FY2026 No. 12"),
        incident_title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        parties=(frame.Option(value="role:officer", label=say("情報セキュリティ担当", "Security officer")),),
        people=(frame.Option(value="p-3", label=say("加藤 理恵 総務課長", "Rie Kato, general affairs")),),
        form=frame.Form(
            typed={"text": say("機器室の鍵を借りる", "Fetch the key of the machine room"), "necessary": "yes"},
            errors={"who": "choice_missing"},
        ),
    )


def some_errands(say: Words) -> tuple[errands.ErrandRow, ...]:
    """One that is open, one that is done."""
    one = errands.ErrandRow(
        href="/assignments/a-9",
        text=say("機器室の鍵を借りる", "Fetch the key of the machine room"),
        who=say("伊藤 直樹 主任", "Naoki Ito"),
        asked_by=say("佐藤 健一 主査", "Kenichi Sato"),
        state="open",
        necessary=True,
        due=NOW + 20 * MINUTE,
        taken_by=say("伊藤 直樹 主任", "Naoki Ito"),
    )
    return (
        one,
        replace(one, state="done", by=one.who, at=NOW - MINUTE, reason=say("借りた。", "Fetched."), taken_by=""),
    )


def a_lost_claim(say: Words) -> assignment.AssignmentPage:
    """Somebody else was faster while a note was being written."""
    form = frame.Form(
        typed={"note": say("あとは鍵の手配だけです。", "Only the key is missing.")}, errors={"form": "assignment_taken"}
    )
    lost = replace(
        in_hand(say), acts=("take_over",), mine=False, referred_from="", act="hand_over", form=form, clash=True
    )
    return replace(an_assignment(say), hand=lost)


def _fields(say: Words) -> tuple[assignment.AnswerField, ...]:
    return (
        assignment.AnswerField(
            name="at", label=say("切り離す日時", "When to cut"), kind=assignment.FieldKind.TIME, required=True
        ),
        assignment.AnswerField(
            name="scope",
            label=say("範囲", "Scope"),
            kind=assignment.FieldKind.CHOICE,
            hint=say("狭いほうから。", "Narrow first."),
            options=(
                frame.Option(value="vlan", label="VLAN"),
                frame.Option(value="all", label=say("庁舎全体", "Whole building")),
            ),
        ),
    )


def a_given(say: Words) -> assignment.Given:
    """An answer that stands."""
    reason = say("被害の拡大を防ぐため。", "To stop it from spreading.")
    return assignment.Given(
        choice=say("承認する", "Approve"), by=say("三木 次郎", "Jiro Miki"), at=NOW - 2 * MINUTE, reason=reason
    )


def _typed(say: Words) -> dict[str, str]:
    return {"choice": "refuse", "reason": say("窓口が混んでいるため", "The counter is busy"), "field.scope": "vlan"}


def a_wrong_assignment(say: Words) -> assignment.AssignmentPage:
    """A step whose answer came back with errors."""
    form = frame.Form(
        typed=_typed(say) | {"reason": ""}, errors={"field.at": "field_missing", "reason": "reason_missing"}, key="k-3"
    )
    return replace(an_assignment(say), form=form)


def a_conflict(say: Words) -> assignment.AssignmentPage:
    """A step that somebody else was faster to answer."""
    return replace(an_assignment(say), form=frame.Form(typed=_typed(say)), given=a_given(say), conflict=True)


def a_call_sheet(say: Words) -> assignment.CallSheet:
    """A call sheet that came back with an error."""
    return assignment.CallSheet(
        id="a-7",
        incident_id="i-1",
        incident=say("令和8年度 第12号", "FY2026 No. 12"),
        number="088-621-0000",
        party=say("徳島県 情報セキュリティ担当", "Tokushima prefecture, security desk"),
        due=NOW + 20 * MINUTE,
        script=(
            frame.Fact(
                label=say("読み上げる文", "Read out"),
                value=say(
                    "鳴門市情報政策課の撫養です。情報セキュリティの緊急連絡です。\n番号は令和8年度第12号、レベル3です。",
                    "This is Muya of Naruto City, with a security call.\nThe case is FY2026 No. 12, level 3.",
                ),
            ),
            frame.Fact(label=say("話さないこと", "Do not say"), value=say("氏名、個人番号", "names, My Numbers")),
        ),
        form=frame.Form(key="k-4", errors={"choice": "choice_missing"}),
        same_call=(
            frame.Option(
                value="/call-sheets/a-8", label=say("攻撃か障害かを見分ける", "Tell an attack from a failure")
            ),
        ),
    )


def some_chains(say: Words) -> chains.Chains:
    """A chain with a vacant post."""
    points = (
        chains.Point(channel="phone", address="088-684-0000"),
        chains.Point(channel="mail", address="csirt-madoguchi@city.naruto.example"),
    )
    poc = chains.Party(
        name=say("統一的な窓口", "Contact point"),
        people=(say("撫養 花子", "Hanako Muya"), say("板東 一郎", "Ichiro Bando")),
        points=points,
    )
    head = chains.Party(name=say("CSIRT責任者", "CSIRT head"), warning="no_holder")
    office = chains.Party(
        name=say("徳島県 情報セキュリティ担当", "Tokushima prefecture"), points=points, confirmed=date(2026, 4, 1)
    )
    tiers = (
        chains.ChainTier(parties=(poc,)),
        chains.ChainTier(parties=(poc, head), after=10 * MINUTE, off_hours=5 * MINUTE, need=Need.ALL),
        chains.ChainTier(parties=(office,), after=90 * MINUTE, off_hours=timedelta()),
    )
    routes = (
        chains.ChainRoute(name=say("庁内の連絡", "Inside the city hall"), tiers=tiers, repeat=2),
        chains.ChainRoute(
            name=say("総務省への同報", "Straight to the ministry"), tiers=tiers[2:], stop_on=StopOn.ANSWER
        ),
    )
    last = chains.ChainTier(
        parties=(chains.Party(name="CISO", people=(say("里浦 三郎", "Saburo Satoura"),), points=points),)
    )
    title = say("庁内の情報セキュリティインシデントの連絡体制", "Contact chain inside the city hall")
    return chains.Chains(chains=(a_chain(title, routes, last),), office_open=False)


def a_chain(title: str, routes: tuple[chains.ChainRoute, ...], last: chains.ChainTier) -> chains.Chain:
    """A chain with its rules."""
    return chains.Chain(
        name="municipal",
        code="C0",
        title=title,
        routes=routes,
        exhausted=last,
        when=(
            chains.ChainClause(types=("ddos", "ransomware"), level_from=2, facts=("crime_suspected",)),
            chains.ChainClause(systems=("lgwan", "juki_net")),
            chains.ChainClause(),
        ),
        never_say=("victim_names", "tlp_red"),
    )


def an_audit(say: Words) -> audit.Audit:
    """The record as an auditor sees it, intact."""
    rows = tuple(
        audit.AuditRow(
            seq=entry.seq,
            href=f"/audit/entries/{entry.seq}",
            at=entry.at,
            kind=entry.kind,
            who=entry.who,
            incident=say("令和8年度 第12号", "FY2026 No. 12"),
            incident_href="/incidents/i-1",
            step=entry.what,
            details=(
                frame.Fact(
                    label=say("照合値", "Hash"),
                    value="9ae71afcafb851083b01705ea5a997462c684b59d6bccf34419c79e4f9d92bb5",
                ),
            ),
        )
        for entry in a_timeline(say)
    )
    return audit.Audit(
        rows=rows,
        window=frame.Window(first=1, last=8, total=1049, older="?before=1042"),
        read_only=True,
        verification=audit.Verification(
            verdict=audit.Verdict.INTACT, at=NOW, size=1050, root="q7J0mRkqk2m1cV6u4b8mTzq0R0m4J2c9D3n5P7s9V1o="
        ),
        kinds=tuple(kind.value for kind in EntryKind),
        people=(frame.Option(value="p-1", label=say("撫養 花子", "Hanako Muya")),),
        steps=(frame.Option(value="is_it_phishing", label=say("不審なメールか", "Is it phishing?")),),
        exports={form: f"/audit/export/{form}" for form in ("xlsx", "csv", "jsonl", "timesketch", "pdf")},
        timelines={form: f"/incidents/i-1/timeline.{form}" for form in ("pdf", "xlsx", "csv")},
    )


def a_broken_audit(say: Words) -> audit.Audit:
    """The record after a check that failed, with a faulty filter."""
    broken = audit.Verification(verdict=audit.Verdict.BROKEN, at=NOW, size=1050, bad_seq=733)
    form = frame.Form(errors={"incident": "number_malformed"}, typed={"incident": "?", "kind": "STEP_ANSWERED"})
    return replace(an_audit(say), rows=(), verification=broken, read_only=False, form=form)


def a_call(say: Words) -> acknowledge.Acknowledge:
    return acknowledge.Acknowledge(
        token="0" * 26,
        number=say("令和8年度 第12号", "FY2026 No. 12"),
        called_as=say("情報セキュリティ管理者（代理1）", "Information security manager (deputy 1)"),
        level=Level.GRAVE,
        type=IncidentType.RANSOMWARE,
        called_at=NOW,
        step=say("インシデントに当たるか", "Is it an incident?"),
        due=NOW + timedelta(minutes=30),
        href="/assignments/a-1",
    )


def a_heard_call(say: Words) -> acknowledge.Acknowledge:
    others = (acknowledge.Heard(name=say("インシデント受付窓口", "The window for reports"), at=NOW),)
    return replace(a_call(say), mine=NOW, others=others, over=True, drill=True)


def some_calls(say: Words) -> tuple[tuple[str, acknowledge.Acknowledge], ...]:
    """The page behind a link, before and after the button was pressed."""
    return ("acknowledge", a_call(say)), ("acknowledge_done", a_heard_call(say))
