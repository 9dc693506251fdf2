"""A playbook waits for legal duties and branches on facts; replay goes the way that was gone."""

from csirt.model.fact import FactState, Statement
from csirt.model.step import Json
from csirt.playbook import Disposition, Responder
from csirt.playbook.checking import Around, faults_of
from csirt.playbook.walking import walk
from csirt.response import duties, facts
from csirt.response.duties import Sent
from csirt.store.queries import duties as questions
from tests.plays import agree, assert_sound, entries, play_of, start, stopped_by
from tests.world import World


def test_a_branch_waits_for_a_duty_and_goes_on_when_it_is_met(world: World) -> None:
    ways: list[Json] = []

    def body(respond: Responder) -> Disposition:
        agree(respond)
        ways.append(respond.duty("police"))
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    officer = world.person("k.sato")
    world.desk.commit(officer, facts.state, incident, [Statement("crime", FactState.ESTIMATED, "suspected")])
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert ways == []
    assert [entry.out["rule"] for entry in entries(world, incident, "DUTY_AWAITED")] == ["police"]
    (police,) = [one for one in world.desk.look(questions.duties, incident) if one.rule == "police"]
    world.desk.commit(officer, duties.report, police.id, Sent("phone", world.clock.now()))
    world.work()
    assert set(map(str, ways)) == {"met"}
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"
    assert_sound(world)


def test_a_duty_that_does_not_stand_is_not_waited_for_and_an_unknown_one_stops_the_run(world: World) -> None:
    ways: list[Json] = []
    start(world, play_of(lambda respond: ways.append(respond.duty("ppc_final"))))
    world.work()
    assert ways == ["none"]
    incident = start(world, play_of(lambda respond: respond.duty("moon_report")))
    world.work()
    assert stopped_by(world, incident) == "duty_rule_unknown"


def test_a_playbook_branches_on_a_fact_as_it_was_when_it_looked(world: World) -> None:
    seen: list[Json] = []

    def body(respond: Responder) -> Disposition:
        seen.append([respond.fact("crime"), respond.fact("media")])
        agree(respond)
        seen.append(respond.fact("crime", name="crime_by_now"))
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    officer = world.person("k.sato")
    said = [Statement("crime", FactState.ESTIMATED, "no"), Statement("media", FactState.CONFIRMED, ("paper", "usb"))]
    world.desk.commit(officer, facts.state, incident, said)
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert seen[-2:] == [[None, None], "no"]  # replay is given what was known then
    assert [entry.out["version"] for entry in entries(world, incident, "STEP_DONE") if "fact" in entry.out] == [0, 0, 1]
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"
    assert_sound(world)


def test_another_verb_under_the_key_of_a_duty_is_drift(world: World) -> None:
    changed: list[bool] = []

    def body(respond: Responder) -> None:
        if changed:
            respond.fact("crime", name="either")
        else:
            respond.duty("ppc_final", name="either")
        agree(respond)

    incident = start(world, play_of(body))
    world.work()
    changed.append(True)
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert stopped_by(world, incident) == "playbook_drift"


def test_a_dry_run_goes_every_way_that_duty_and_fact_part(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        if respond.fact("wrongful_purpose") == "yes":
            agree(respond, "call_police")
        if respond.duty("ppc_preliminary") == "waived":
            agree(respond, "tell_the_mayor")
        return respond.close(Disposition.BENIGN)

    found = walk(play_of(body), world.desk.door.city)
    assert {"fact_wrongful_purpose", "duty_ppc_preliminary", "call_police", "tell_the_mayor"} == set(found.steps)
    assert found.steps["duty_ppc_preliminary"].duty == "ppc_preliminary"
    assert found.paths == 4


def test_a_duty_or_fact_that_is_not_in_the_data_is_found_before_publishing(world: World) -> None:
    def body(respond: Responder) -> None:
        respond.fact("weather")
        respond.duty("moon_report")

    city = world.desk.door.city
    _, faults = faults_of(play_of(body), Around(city, lambda *_: ()))
    assert {fault.code for fault in faults} == {"playbook_fact_unknown", "playbook_duty_unknown"}
