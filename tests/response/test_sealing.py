"""Sealed incidents: who sees them, who may name whom, break-glass, and what messages say."""

from datetime import timedelta

import pytest

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.model.incident import IncidentType
from csirt.model.people import LOCAL, NOBODY, SYSTEM, Actor, Roster
from csirt.record.entry import EntryKind
from csirt.response import glass, incidents, merging, outbox, people, runs, secrecy
from csirt.response.incidents import Report
from csirt.response.outbox import Due
from csirt.store.queries import cases, timeline, work
from csirt.store.queries.sealing import seal_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tx import Look, Tx
from csirt.writing import written
from tests.response.seals import sealed, who
from tests.web.conftest import clock, desk, drive, founded

__all__ = ["clock", "desk", "founded"]


def sees(desk: Desk, actor: Actor, incident: str) -> bool:
    return incident in {view.id for view in desk.seen_by(actor).look(cases.incidents)}


def kinds(desk: Desk, incident: str) -> list[EntryKind]:
    return [entry.kind for entry in desk.look(timeline.timeline, incident)]


def test_those_named_and_who_opened_see_it_and_nobody_else(desk: Desk) -> None:
    seen_by_all = desk.commit(who(desk, "k.sato"), incidents.open_by_report, Report(title="だれでも"))
    hidden = sealed(desk)
    everybody = ("k.sato", "a.kobayashi", "y.tanaka", "s.watanabe", "o.sasaki", "f.yamada", "t.uzushio")
    assert {uid for uid in everybody if sees(desk, who(desk, uid), hidden)} == {"k.sato", "a.kobayashi"}
    assert all(sees(desk, who(desk, uid), seen_by_all) for uid in everybody)
    assert not sees(desk, NOBODY, hidden)
    assert sees(desk, SYSTEM, hidden)


def test_on_the_machine_no_name_opens_it(desk: Desk) -> None:
    """Whoever works there could claim any name, so that being named does not count."""
    hidden = sealed(desk)
    for actor in (LOCAL, who(desk, "a.kobayashi", "local")):
        assert not sees(desk, actor, hidden)
        with pytest.raises(NotFound, match="incident_unknown"):
            desk.commit(actor, incidents.add_note, hidden, "x")


def test_it_is_sealed_later_with_everything_in_it(desk: Desk) -> None:
    head, responder = who(desk, "s.watanabe"), who(desk, "y.tanaka")
    incident = desk.commit(who(desk, "k.sato"), incidents.open_by_report, Report(title="後から"))
    assert sees(desk, responder, incident)
    desk.commit(head, secrecy.seal, incident, [who(desk, "a.kobayashi").id], "職員の関与が疑われる")
    assert not sees(desk, responder, incident)
    assert not sees(desk, who(desk, "k.sato"), incident)
    assert sees(desk, head, incident)
    with pytest.raises(Conflict, match="incident_sealed"):
        desk.commit(head, secrecy.seal, incident, [])
    desk.commit(head, secrecy.lift, incident, "調査が終わった")
    assert sees(desk, responder, incident)
    sealing = [EntryKind.INCIDENT_SEALED, EntryKind.RECORD_READ, EntryKind.SEAL_LIFTED]  # read by its head
    assert kinds(desk, incident)[-3:] == sealing


def test_readers_are_named_and_taken_away_and_the_last_one_stays(desk: Desk) -> None:
    hidden, officer, ciso = sealed(desk), who(desk, "k.sato"), who(desk, "a.kobayashi")
    privacy = who(desk, "r.kato")
    desk.commit(officer, secrecy.name_reader, hidden, privacy.id)
    desk.commit(officer, secrecy.name_reader, hidden, privacy.id)
    assert sees(desk, privacy, hidden)
    desk.commit(ciso, secrecy.unname_reader, hidden, privacy.id)
    assert not sees(desk, privacy, hidden)
    desk.commit(ciso, secrecy.unname_reader, hidden, officer.id)
    assert not sees(desk, officer, hidden)
    with pytest.raises(Conflict, match="last_reader"):
        desk.commit(ciso, secrecy.unname_reader, hidden, ciso.id)
    with pytest.raises(NotFound, match="reader_unknown"):
        desk.commit(ciso, secrecy.unname_reader, hidden, privacy.id)
    assert kinds(desk, hidden).count(EntryKind.READER_NAMED) == 1
    assert kinds(desk, hidden).count(EntryKind.READER_UNNAMED) == 2


@pytest.mark.parametrize(("uid", "code"), [("o.sasaki", "reader_administers"), ("i.matsumoto", "reader_reads_nothing")])
def test_who_administers_or_reads_nothing_is_not_named(desk: Desk, uid: str, code: str) -> None:
    hidden, officer = sealed(desk), who(desk, "k.sato")
    with pytest.raises(Invalid, match=code):
        desk.commit(officer, secrecy.name_reader, hidden, who(desk, uid).id)
    with pytest.raises(Invalid, match="person_unknown"):
        desk.commit(officer, secrecy.name_reader, hidden, "p-nobody")


def test_who_may_not_seal_names_nobody(desk: Desk) -> None:
    hidden = sealed(desk, readers=("a.kobayashi", "r.kato"))
    responder = who(desk, "r.kato")
    for act in (secrecy.name_reader, secrecy.unname_reader, secrecy.lift):
        with pytest.raises(Forbidden, match="not_permitted"):
            desk.commit(responder, act, hidden, responder.id)


def test_somebody_on_the_machine_names_readers_when_they_open_it(desk: Desk) -> None:
    with pytest.raises(Invalid, match="readers_missing"):
        desk.commit(LOCAL, incidents.open_by_report, Report(title="x", sealed=True))


def test_it_is_merged_with_nothing(desk: Desk) -> None:
    hidden, officer = sealed(desk), who(desk, "k.sato")
    other = desk.commit(officer, incidents.open_by_report, Report(title="別件"))
    for one, two in ((hidden, other), (other, hidden)):
        with pytest.raises(Forbidden, match="merge_with_sealed"):
            desk.commit(officer, merging.merge, one, two, "同じ事案")


def test_break_glass_opens_it_for_an_hour_and_tells_its_readers_at_once(desk: Desk, clock: FixedClock) -> None:
    hidden, director = sealed(desk), who(desk, "t.nakamura")
    number = "R8-1"
    with pytest.raises(Invalid, match="reason_missing"):
        desk.commit(director, glass.break_glass, number, " ")
    until = desk.commit(director, glass.break_glass, number, "指定された人に連絡が取れない")
    assert until == clock.now() + timedelta(hours=1)
    assert sees(desk, director, hidden)
    assert not sees(desk, who(desk, "s.watanabe"), hidden)
    (opening,) = seal.openings if (seal := desk.look(seal_of, hidden)) else ()
    assert (opening.person, opening.reason) == (director.id, "指定された人に連絡が取れない")
    told = [call for call in desk.look(work.deliveries, incident=hidden) if call.template == "glass_broken"]
    assert {call.person for call in told} == {who(desk, "k.sato").id, who(desk, "a.kobayashi").id}
    assert kinds(desk, hidden).count(EntryKind.GLASS_BROKEN) == 1
    with pytest.raises(Conflict, match="incident_not_sealed"):  # they see it already
        desk.commit(director, glass.break_glass, number, "もう一度")
    clock.forward(timedelta(hours=1))
    assert not sees(desk, director, hidden)


def test_break_glass_is_for_heads_only_and_never_for_who_administers(desk: Desk) -> None:
    sealed(desk)
    for uid in ("o.sasaki", "y.tanaka", "f.yamada", "r.kato"):
        with pytest.raises(Forbidden, match="not_permitted"):
            desk.commit(who(desk, uid), glass.break_glass, "R8-1", "見たい")
    with pytest.raises(NotFound, match="incident_unknown"):
        desk.commit(who(desk, "t.nakamura"), glass.break_glass, "R8-9", "見たい")


def test_break_glass_on_the_machine_is_recorded_and_told_too(desk: Desk) -> None:
    hidden = sealed(desk)
    desk.commit(who(desk, "o.sasaki", "local"), glass.break_glass, hidden, "障害の調査")
    assert sees(desk, LOCAL, hidden)
    (entry,) = [one for one in desk.look(timeline.timeline, hidden) if one.kind is EntryKind.GLASS_BROKEN]
    assert entry.auth == "local"
    assert not sees(desk, who(desk, "o.sasaki"), hidden)  # signed in at the page, they still see nothing


def claimed(desk: Desk, incident: str) -> list[Due]:
    found = []
    for channel in desk.channels:
        while due := desk.commit(SYSTEM, outbox.claim, channel):
            found += [due] if due.items[0].incident == incident else []
    return found


def test_messages_say_its_number_and_where_to_read_and_go_to_its_readers(desk: Desk) -> None:
    hidden = sealed(desk)
    drive(desk)
    readers = {who(desk, "k.sato").id, who(desk, "a.kobayashi").id}
    calls = desk.look(work.deliveries, incident=hidden)
    assert calls
    assert {call.person for call in calls if call.person} <= readers
    sent = [written(desk, due) for due in claimed(desk, hidden)]
    assert sent
    for message in sent:
        assert "令和8年度 第1号" in message.subject
        for word in ("内部不正", "ランサムウェア", "レベル", "重大", "is_it_an_incident"):
            assert word not in message.subject + message.body
        assert set(message.facts) & {"type", "level", "step", "occurred", "known", "chain"} == set()


def test_what_was_queued_before_it_was_sealed_is_neutral_too(desk: Desk) -> None:
    incident = desk.commit(
        who(desk, "k.sato"), incidents.open_by_report, Report(title="後から", type=IncidentType.RANSOMWARE)
    )
    drive(desk)
    assert desk.look(work.deliveries, incident=incident)
    desk.commit(who(desk, "k.sato"), secrecy.seal, incident, [])
    templates = {item.template for due in claimed(desk, incident) for item in due.items}
    assert templates == {"sealed"}


def test_of_a_sealed_case_prefect_is_told_no_names(desk: Desk) -> None:
    from csirt.playbook.flow import waiting_for  # lazy: Prefect reads its address once, when it is first loaded

    sealed(desk)
    held = desk.commit(SYSTEM, runs.claim)
    assert held is not None
    assert held.sealed
    play = desk.playbooks[held.playbook, held.version].unnamed
    assert (play.name, play.version, play.is_unnamed) == ("incident", 0, True)
    assert play.flow.name == "incident"
    assert waiting_for(["is_it_an_incident"], sealed=True) == "Waiting"


def test_a_use_case_that_forgets_to_look_is_refused_all_the_same(desk: Desk) -> None:
    hidden = sealed(desk)

    def careless(tx: Tx) -> None:
        tx.record(EntryKind.NOTE_ADDED, incident=hidden)

    with pytest.raises(NotFound, match="incident_unknown"):
        desk.commit(who(desk, "s.watanabe"), careless)

    def curious(tx: Tx) -> IncidentRow | None:
        return tx.session.get(IncidentRow, hidden, with_for_update=True)

    assert desk.commit(who(desk, "s.watanabe"), curious) is None
    assert desk.commit(who(desk, "a.kobayashi"), curious) is not None


def test_roles_that_no_reader_has_are_stood_for_by_all_readers(desk: Desk) -> None:
    def known(look: Look) -> Roster:
        return people.roster(look.session, look.vault)

    roster = desk.look(known)
    reader = who(desk, "r.kato").id
    narrow = roster.narrowed(frozenset({reader}))
    assert set(narrow.people) == {reader}
    assert {post.acting_order for post in narrow.posts.values()} == {(reader,)}
    assert "officer" in narrow.people[reader].roles
