"""Facts are stated as versions, never overwritten; what is said, by whom and how surely stands in the record."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from csirt import founding
from csirt.errors import CsirtError, Forbidden, Invalid, NotFound
from csirt.model.fact import FactCatalogue, FactSource, FactState, Statement, catalogue_from, checked, value_from
from csirt.model.people import SYSTEM, Actor, Role
from csirt.readers import formats
from csirt.response import audit, facts, intake, runs
from csirt.store.queries.facts import history
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.record import LedgerRow
from csirt.store.tables.runs import RunDueRow
from tests.world import World

CATALOGUE = catalogue_from(founding.read_toml(founding.LAW / "facts.toml"), "facts.toml")


def say(world: World, incident: str, *said: Statement, uid: str = "k.sato", key: str | None = None) -> int:
    return world.desk.commit(world.person(uid), facts.state, incident, said, request_key=key)


def count(number: int, state: FactState = FactState.ESTIMATED) -> Statement:
    return Statement("head_count", state, number)


def test_an_incident_begins_with_what_its_report_said(world: World) -> None:
    sheet = world.desk.look(facts.current, world.open())
    assert set(sheet) == {"known", "received"}
    assert sheet["known"].instant == world.clock.now()
    assert (sheet["known"].state, sheet["known"].source) == (FactState.CONFIRMED, FactSource.REPORT)


def test_a_correction_is_a_new_version_and_the_old_one_stays(world: World) -> None:
    incident = world.open()
    assert say(world, incident, count(70)) == 1
    assert say(world, incident, count(165)) == 1
    assert say(world, incident, count(165)) == 0  # nothing new
    assert say(world, incident, count(165, FactState.CONFIRMED)) == 1
    told = world.desk.look(facts.history, incident, "head_count")
    assert [(one.version, one.value, one.state.value) for one in told] == [
        (1, 70, "estimated"),
        (2, 165, "estimated"),
        (3, 165, "confirmed"),
    ]
    assert world.desk.look(facts.current, incident)["head_count"].version == 3
    assert world.kinds(incident).count("FACT_STATED") == 3


def test_a_fact_wakes_the_run_in_the_same_commit(world: World) -> None:
    incident = world.open()
    world.work()
    assert world.desk.commit(world.person("k.sato"), runs.claim) is None
    say(world, incident, count(3))
    with world.desk.read() as session:
        due = session.exec(select(RunDueRow)).one()
    assert due.wake > due.seen


def test_a_clock_that_is_corrected_is_the_clock_of_the_incident(world: World) -> None:
    incident = world.open()
    earlier = world.clock.now() - timedelta(days=1)
    say(world, incident, Statement("known", FactState.CONFIRMED, earlier.isoformat()))
    with world.desk.read() as session:
        assert session.get_one(IncidentRow, incident).known == earlier
    assert [one.version for one in world.desk.look(facts.history, incident, "known")] == [1, 2]


def test_a_text_lies_in_the_vault_and_the_entry_holds_no_word_of_it(world: World) -> None:
    incident = world.open()
    say(world, incident, Statement("summary", FactState.CONFIRMED, "あて先欄に全員を入れて送信した。"))
    with world.desk.read() as session:
        raw = [row.canonical for row in session.exec(select(LedgerRow)) if row.kind == "FACT_STATED"]
    assert b"summary" in raw[0]
    assert "あて先".encode() not in raw[0]
    assert world.desk.look(facts.current, incident)["summary"].value == "あて先欄に全員を入れて送信した。"


def test_codes_stand_in_the_entry(world: World) -> None:
    incident = world.open()
    say(world, incident, Statement("layers", FactState.CONFIRMED, ("internet", "lgwan"), FactSource.SOC))
    entry = world.told(incident)[-1]
    assert entry.out == {
        "fact": "layers", "version": 1, "certainty": "confirmed", "source": "soc", "value": ("lgwan", "internet"),
    }  # fmt: skip


def test_the_same_form_twice_counts_once(world: World) -> None:
    incident = world.open()
    both = (count(5), Statement("leak", FactState.CONFIRMED, "suspected"))
    assert say(world, incident, *both, key="a:1") == 2
    assert say(world, incident, *both, key="a:1") == 2
    assert world.kinds(incident).count("FACT_STATED") == 2


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Statement("nothing", FactState.UNKNOWN), "fact_unknown"),
        (Statement("head_count", FactState.CONFIRMED), "fact_value_missing"),
        (Statement("head_count", FactState.UNKNOWN, 5), "fact_value_unwanted"),
        (Statement("head_count", FactState.CONFIRMED, -1), "fact_value_malformed"),
        (Statement("head_count", FactState.CONFIRMED, 10**12), "fact_value_malformed"),
        (Statement("leak", FactState.CONFIRMED, "perhaps"), "fact_value_malformed"),
        (Statement("layers", FactState.CONFIRMED, ("lgwan", "moon")), "fact_value_malformed"),
        (Statement("known", FactState.CONFIRMED, "2026-11-22T10:00"), "fact_value_malformed"),
        (Statement("known", FactState.CONFIRMED, "2099-01-01T00:00:00Z"), "time_in_future"),
        (Statement("summary", FactState.CONFIRMED, "番号 123456789018"), "my_number_refused"),
        (Statement("summary", FactState.CONFIRMED, "長" * 4001), "text_too_long"),
    ],
)
def test_what_does_not_fit_is_refused_and_names_the_field(world: World, said: Statement, code: str) -> None:
    incident = world.open()
    with pytest.raises(Invalid) as caught:
        say(world, incident, said)
    assert caught.value.code == code
    assert "FACT_STATED" not in world.kinds(incident)


def test_twice_the_same_fact_at_once_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        say(world, world.open(), count(1), count(2))
    assert caught.value.code == "fact_twice"


def test_an_auditor_states_nothing_and_an_unknown_incident_has_no_sheet(world: World) -> None:
    incident = world.open()
    with pytest.raises(Forbidden):
        world.desk.commit(Actor("p-a", "ldap", roles=frozenset({Role.AUDITOR})), facts.state, incident, [count(1)])
    with pytest.raises(NotFound):
        say(world, "i-none", count(1))


@given(
    st.sampled_from([*CATALOGUE.facts, "x"]),
    st.sampled_from(FactState),
    st.none()
    | st.integers()
    | st.text()
    | st.lists(st.text())
    | st.booleans()
    | st.floats()
    | st.dictionaries(st.text(), st.text()),
)
def test_whatever_comes_in_fits_or_is_refused_with_an_error_of_ours(name: str, state: FactState, given: object) -> None:
    try:
        value = value_from(CATALOGUE.definition(name), given)
        once = checked(Statement(name, state, value), CATALOGUE)
    except CsirtError:
        return
    assert checked(once, CATALOGUE) == once


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"fact": [{"name": "a"}]}, "fact[0].group"),
        ({"group": "x"}, "group"),
        ({"source": ""}, "source"),
        ({"fact": [{"name": "a", "group": "g", "kind": "odd", "ja": "a", "en": "a", "source": "s"}]}, "fact[0].kind"),
        ({"fact": [{"nam": "a"}]}, "fact[0].nam"),
    ],
)
def test_wrong_data_is_refused_with_file_and_place(change: dict[str, object], key: str) -> None:
    group = {"name": "g", "ja": "g", "en": "g"}
    whole = {"source": "s", "group": [group], "fact": [], **change}
    with pytest.raises(Invalid) as caught:
        catalogue_from(whole, "facts.toml")
    assert caught.value.params["file"] == "facts.toml"
    assert str(caught.value.params["key"]).startswith(key.partition(".")[0])
    assert isinstance(CATALOGUE, FactCatalogue)


def test_when_it_began_is_read_off_the_detections_as_an_estimate(world: World) -> None:
    """What a sensor says is a first version; what a person finds out is the next one."""
    record = b'{"timestamp":"2026-11-23T21:05:00+0900","event_type":"alert","src_ip":"203.0.113.9",'
    record += b'"dest_ip":"10.9.8.7",'
    record += b'"alert":{"signature":"ET TROJAN beacon","severity":1,"signature_id":1,"category":"x"}}\n'
    world.desk.commit(SYSTEM, intake.accept, list(formats.read(record)), source="ids", form="suricata-eve")
    world.work()
    (incident,) = world.desk.look(audit.newest_incidents, 5)
    (first,) = world.desk.look(history, incident, "occurred")
    assert (first.state, first.source) == (FactState.ESTIMATED, FactSource.DETECTION)
    assert str(first.value).startswith("2026-11-23T12:05:00")
    said = Statement("occurred", FactState.CONFIRMED, "2026-11-23T11:00:00+00:00", FactSource.LOGS)
    world.desk.commit(world.person("k.sato"), facts.state, incident, [said])
    assert world.desk.look(history, incident, "occurred")[-1].source is FactSource.LOGS
