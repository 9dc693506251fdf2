"""One person's things, so that every use case can be tried on them: a case with all that hangs on it, and the rest.

They are made through local administration in that person's name: what counts afterwards is whose they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
from sqlmodel import select

from csirt.era import jst_date
from csirt.model.announcement import Ground, Outlet
from csirt.model.asset import Asset
from csirt.model.detection import SourceRecord
from csirt.model.erasure import ErasureBasis
from csirt.model.fact import FactState, Statement
from csirt.model.ignoring import IgnoreKind
from csirt.model.incident import Disposition, IncidentType, Level
from csirt.model.measure import MeasureState
from csirt.model.message import Recipient
from csirt.model.people import Actor
from csirt.record.export import Part
from csirt.record.verify_record import Checkpoint, VerifierKey
from csirt.response import (
    absences,
    access,
    acknowledging,
    announcements,
    approvals,
    asking,
    by_hand,
    erasing,
    evidence,
    facts,
    handovers,
    holding,
    ignoring,
    incidents,
    measures,
    merging,
    reports,
    second_factor,
    shifts,
    sources,
    tokens,
)
from csirt.response.announcements import Draft
from csirt.response.assignments import Reply
from csirt.response.duties import Sent
from csirt.response.erasing import Resealed
from csirt.response.ignoring import Wanted
from csirt.response.incidents import Report
from csirt.response.report_sending import Addressee
from csirt.response.reviews import Review
from csirt.store.queries.duties import duties
from csirt.store.queries.work import escalations
from csirt.store.tables.outbox import DeliveryRow
from csirt.store.tx import Tx
from tests.response.test_triage import seen
from tests.world import WITHOUT_PLAYBOOK, World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
COLLEAGUE = "h.suzuki"  # a responder, who makes none of these things
Things = Mapping[str, Any]  # by the name of a parameter; where one name means several things, as `use_case.name`


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose things: opaque id, and a number that no other owner has. `spare`: somebody else, with a second factor."""

    id: str
    number: int
    spare: str


def enrol(world: World, uid: str) -> None:
    """Somebody has a second factor from now on, which they may lose."""
    who = world.person(uid)
    secret = world.desk.commit(who, second_factor.begin)
    world.desk.commit(who, second_factor.enrol, pyotp.TOTP(secret).at(world.clock.now()))


def made_by(world: World, owner: Owner) -> dict[str, Any]:
    """All that a use case may be tried on, as far as this person made it."""
    me = Actor(owner.id, "local")
    found = _fixed(world) | _case(world, me)
    return found | _papers(world, me, found["incident"]) | _other_cases(world, me) | _of_no_case(world, me, owner)


def _fixed(world: World) -> dict[str, Any]:
    """What is typed, and what is the same for everybody."""
    now = world.clock.now()
    today, colleague = jst_date(now), world.person(COLLEAGUE).id
    return {
        "text": "文", "note": "文", "reason": "理由", "because": "理由", "found": "効いた", "title": "件名",
        "person": colleague, "to": colleague, "who": colleague, "holder": colleague, "readers": [colleague],
        "from_at": now, "until_at": now + DAY, "at": now, "due_at": now + HOUR, "due": today + 9 * DAY, "day": today,
        "on": today, "review": Review(today, "良い点", "原因"), "sent": Sent("phone", now), "calls": 3, "number": 1,
        "owner": "ciso", "said": Draft("件名", "本文"), "ground": Ground.OTHER, "outlet": Outlet.WEB, "form": "csv",
        "type_": WITHOUT_PLAYBOOK, "disposition": Disposition.BENIGN, "level": Level.MINOR, "version": 99,
        "basis": ErasureBasis.OTHER, "texts": [], "erasing.propose.whole": True, "resealed": Resealed(),
        "effective": True,
        "digest": "0" * 64, "size": 1, "root": "x", "keys": True, "seconds": 1, "line": "x", "way": "folder",
        "last": Checkpoint("example", 1, b"\0" * 32), "key": VerifierKey("example", b"\0" * 4, b"\0" * 32),
        "records": [SourceRecord(0, b"x", seen("新しい検知", host="pc-77"))], "source": "edr", "known": {"mail"},
        "wanted": Wanted(IgnoreKind.SNOOZE, now + HOUR, "理由", host="pc-9"), "report": Report(title="件名"),
        "state": MeasureState.DROPPED, "chain": "police", "fits": lambda *_: None, "channel": "phone", "agree": True,
        "lives": DAY, "overlap": HOUR, "scopes": ["health"], "post": "poc", "office": "mic-cyber",
        "channel_tests.begin.channel": "mail",
        "statements": [Statement("cause_text", FactState.CONFIRMED, "文")], "assets": [Asset("n-1", "台帳")],
        "password_hash": "x", "recipient": Recipient("auditor", "", "auditor@city.example"), "template": "checkpoint",
        "facts": {}, "deliveries.queue_alone.channel": "mail", "report_sending.dispatch.channel": "lgwan-mail",
        "reports.draft.form": "city_report", "sources.add_token.name": "edr", "name": "ids-new",
    }  # fmt: skip


def _case(world: World, me: Actor) -> dict[str, Any]:
    """An open case with its run, its duties, and what people hang on it."""
    desk, now = world.desk, world.clock.now()
    due = jst_date(now) + 9 * DAY
    report = Report(title="拡張子", type=IncidentType.RANSOMWARE, personal_data="yes", level=Level.SERIOUS)
    incident = desk.commit(me, incidents.open_by_report, report)
    desk.commit(me, facts.state, incident, [Statement("leak", FactState.CONFIRMED, "yes")])
    world.passes()
    step = next(one for name, one in world.waiting(incident).items() if not name.startswith("call:"))
    world.chores.decide()
    escalation = next(one.id for one in desk.look(escalations, incident=incident) if one.step == step.step)
    errand, mine = (desk.commit(me, asking.ask, incident, "頼む", "role:responder", now + HOUR) for _ in range(2))
    desk.commit(me, holding.claim, mine)
    done = desk.commit(me, measures.add, incident, "対策", "ciso", due)
    desk.commit(me, measures.end, done, MeasureState.DONE, "")
    with desk.custody.begin(incident) as writer:
        kept = writer.keep()
    with desk.custody.begin(incident) as writer:
        more = writer.keep()
    return {
        "incident": incident, "into": incident, "step": step.step, "assignment": step.id, "escalation": escalation,
        "reply": Reply(step.choices[0].code, "理由", {}), "errands.waive.assignment": errand,
        "holding.hand_over.assignment": errand, "audit.extract.incident": incident, "shifts.leave.incident": incident,
        "holding.give_back.assignment": mine, "audit.export.part": Part(incident=incident), "kept": more,
        "evidence": desk.commit(me, evidence.collect, incident, kept, "log.txt"), "evidence.collect.name": "log.txt",
        "erasing.propose.evidence": [], "measure": desk.commit(me, measures.add, incident, "対策", "ciso", due),
        "measures.check.measure": done, "duty": desk.look(duties, incident)[0].id,
        "shifts.see.note": desk.commit(me, shifts.leave, "申し送り", incident),
        "token": desk.commit(me, link, escalation), "filters": {}, "glass.break_glass.name": incident,
    }  # fmt: skip


def link(tx: Tx, escalation: str) -> str:
    """A link of a call of this escalation, as its mail holds it."""
    call = tx.session.exec(select(DeliveryRow).where(DeliveryRow.escalation == escalation)).first()
    assert call is not None
    return acknowledging.issue(tx, call)


def _papers(world: World, me: Actor, incident: str) -> dict[str, Any]:
    """Reports, announcements and an erasure that go round."""
    desk, now = world.desk, world.clock.now()
    another = Actor("p-another", "local")
    sent = desk.commit(another, reports.draft, incident, "ppc_leak")
    released = desk.commit(me, announcements.draft, incident, Draft("件名", "本文"))
    desk.commit(another, announcements.approve, released)
    desk.commit(me, approvals.record_oral, sent, world.person("a.kobayashi").id, "承認", now)
    return {
        "approvals.id_": desk.commit(me, reports.draft, incident, "city_report"),
        "approvals.record_oral.who": world.person("t.nakamura").id,
        "report_sending.id_": sent, "report_sending.to": Addressee(office="mic-cyber"),
        "announcement": desk.commit(me, announcements.draft, incident, Draft("件名", "本文")),
        "announcements.release.announcement": released,
    }  # fmt: skip


def _other_cases(world: World, me: Actor) -> dict[str, Any]:
    """Cases without a playbook: an open one, a merged one, a closed one."""
    desk = world.desk
    plain, gone, stays, closed = (
        desk.commit(me, incidents.open_by_report, Report(title="件名", type=WITHOUT_PLAYBOOK)) for _ in range(4)
    )
    desk.commit(me, merging.merge, gone, stays, "同じ")
    desk.commit(me, by_hand.close, closed, Disposition.BENIGN, "済んだ")
    return {
        "erasure": desk.commit(me, erasing.propose, closed, [], [], ErasureBasis.OTHER, "理由", whole=True),
        "erasing.propose.incident": closed, "by_hand.incident": plain, "merging.merge.gone": plain, "gone": gone,
        "reviews.record.incident": closed,
        "cases": (plain, gone, stays, closed),
    }  # fmt: skip


def _of_no_case(world: World, me: Actor, owner: Owner) -> dict[str, Any]:
    """Absence, rule, hand-over, tokens, and a second factor to be taken away."""
    desk, now = world.desk, world.clock.now()
    later = jst_date(now) + DAY * (1 + owner.number)
    name = f"ids-{owner.number}"
    desk.commit(me, access.issue_token, name)
    return {
        "absences.enter.person": owner.id, "absence": desk.commit(me, absences.enter, owner.id, now, now + DAY),
        "rule": desk.commit(me, ignoring.make, Wanted(IgnoreKind.SNOOZE, now + HOUR, "理由", host="pc-8")),
        "handover": desk.commit(me, handovers.enter, "ciso", later, world.person(COLLEAGUE).id),
        "tokens.id_": desk.commit(me, tokens.make, name, ["health"], lives=DAY)[0],
        "sources.revoke_token.id_": desk.commit(me, sources.add_token, f"edr-{owner.number}", lives=DAY)[0],
        "reset": desk.commit(me, second_factor.ask_reset, owner.spare, "失くした"),
        "access.revoke_token.name": name, "access.revoke_if_any.name": name,
    }  # fmt: skip
