"""Branches: inside one another, for each item, again and again, and from when a fact is known."""

from csirt.model.fact import FactState, Statement
from csirt.model.step import Json
from csirt.playbook import Answer, Disposition, Responder, Role, seconds
from csirt.response import facts
from tests.plays import agree, assert_sound, entries, play_of, start, steps, stopped_by
from tests.world import World


def contain(respond: Responder) -> None:
    respond.for_each(["pc-1", "pc-2"], isolate)


def isolate(respond: Responder, host: str) -> None:
    respond.side_by_side(cut, look)


def cut(respond: Responder) -> Answer:
    return respond.ask("cut", who=Role.SYSTEM_MANAGER)


def look(respond: Responder) -> Answer:
    return respond.ask("look", who=Role.SYSTEM_MANAGER)


def tell_staff(respond: Responder) -> None:
    respond.tell("inform", who=["post:poc"], by=["mail"])
    respond.wait("pause", duration=seconds(5))


def test_each_step_is_recorded_with_its_branch(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        agree(respond)
        respond.side_by_side(contain, tell_staff, lambda r: agree(r, "aside"))
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    open_now = {"cut[pc-1]", "cut[pc-2]", "look[pc-1]", "look[pc-2]", "aside"}
    assert set(world.waiting(incident)) == open_now
    assert {key: step.branch for key, step in steps(world, incident).items()} == {
        "agree": "",
        "cut[pc-1]": "contain/pc-1/cut",
        "look[pc-1]": "contain/pc-1/look",
        "cut[pc-2]": "contain/pc-2/cut",
        "look[pc-2]": "contain/pc-2/look",
        "inform": "tell_staff",
        "pause": "tell_staff",
        "aside": "3",
    }
    said = {entry.step: entry.out.get("branch") for entry in world.told(incident) if "branch" in entry.out}
    assert said == {key: step.branch for key, step in steps(world, incident).items() if step.branch}
    for step in open_now:
        world.answer(step, "k.sato" if step == "aside" else "m.takahashi", "yes")
    world.forward(seconds(5))
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"
    assert_sound(world)


def test_reports_are_repeated_until_the_last_one(world: World) -> None:
    ended: list[int] = []

    def report(respond: Responder, number: int) -> bool:
        answer = respond.ask("send_report", who=Role.OFFICER)
        respond.wait("pause", duration=seconds(5))
        return answer.no

    def body(respond: Responder) -> Disposition:
        ended.append(respond.repeat("report", report, first=2))
        agree(respond)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    for number, choice in ((2, "yes"), (3, "yes"), (4, "no")):
        world.work()
        assert set(world.waiting(incident)) == {f"send_report[report.{number}]"}
        world.answer(f"send_report[report.{number}]", "k.sato", choice)
        world.work()
        world.forward(seconds(5))
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert ended == [4, 4]
    assert steps(world, incident)["pause[report.3]"].branch == "report.3"
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"
    assert len(entries(world, incident, "STEP_OPENED")) == 4


def test_what_never_ends_is_ended(world: World) -> None:
    incident = start(world, play_of(lambda respond: respond.repeat("report", lambda _respond, _number: False)))
    world.work()
    assert stopped_by(world, incident) == "repeated_too_often"


def test_a_branch_begins_when_its_fact_is_known(world: World) -> None:
    values: list[Json] = []

    def tell_the_commission(respond: Responder) -> None:
        values.append(respond.known("personal_data"))
        agree(respond, "tell_commission")

    def body(respond: Responder) -> Disposition:
        respond.side_by_side(tell_the_commission, agree)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    officer = world.person("k.sato")
    world.work()
    assert set(world.waiting(incident)) == {"agree"}
    unsure = Statement("personal_data", FactState.INVESTIGATING)
    world.desk.commit(officer, facts.state, incident, [unsure])
    world.work()
    assert set(world.waiting(incident)) == {"agree"}
    world.desk.commit(officer, facts.state, incident, [Statement("personal_data", FactState.ESTIMATED, "yes")])
    world.work()
    assert set(world.waiting(incident)) == {"agree", "tell_commission"}
    world.desk.commit(officer, facts.state, incident, [Statement("personal_data", FactState.CONFIRMED, "no")])
    for step in ("agree", "tell_commission"):
        world.answer(step, "k.sato", "yes")
        world.work()
    assert set(map(str, values)) == {"yes"}  # the value of that moment, in every pass
    assert [entry.out["fact"] for entry in entries(world, incident, "FACT_AWAITED")] == ["personal_data"]
    done = [entry for entry in entries(world, incident, "STEP_DONE") if entry.step == "known_personal_data"]
    assert [entry.out["version"] for entry in done] == [2]
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"
    assert_sound(world)


def test_a_fact_that_is_known_already_is_not_waited_for(world: World) -> None:
    values: list[Json] = []
    incident = start(world, play_of(lambda respond: values.append(respond.known("received"))))
    world.work()
    assert len(values) == 1
    assert world.kinds(incident)[-1] == "RUN_ENDED"


def test_a_fact_that_the_city_does_not_have_stops_the_run(world: World) -> None:
    incident = start(world, play_of(lambda respond: respond.known("weather")))
    world.work()
    assert stopped_by(world, incident) == "fact_unknown"
