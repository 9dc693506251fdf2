"""What a climb says of itself where nothing is sent, and what its messages say of the step."""

from csirt.model.contact import ContactChain, Need, Route, Tier
from csirt.playbook import Responder, Role, seconds
from csirt.response import escalations
from csirt.store.queries import work
from tests.plays import agree, assert_sound, entries, play_of, signed_in, start
from tests.world import World

BOTH_MUST_SAY_SO = ContactChain(
    "both",
    (
        Route(
            "route",
            (
                Tier(seconds(0), ("post:poc", "post:ciso"), ("mail",), Need.ALL),
                Tier(seconds(5), ("post:poc",), ("mail",), Need.ALL),
                Tier(seconds(10), ("post:director",), ("mail",)),
            ),
        ),
    ),
)


def test_a_tier_whose_people_all_know_already_is_passed_and_said(world: World) -> None:
    def body(respond: Responder) -> None:
        respond.ask("decide", who=Role.OFFICER, chain="both")

    object.__setattr__(world.desk.door.city, "chains", {**world.desk.door.city.chains, "both": BOTH_MUST_SAY_SO})
    incident = start(world, play_of(body))
    world.work()
    climb = world.desk.look(work.escalations, incident=incident)[0]
    world.desk.commit(signed_in(world, "k.sato"), escalations.acknowledge, climb.id)
    world.forward(seconds(9))
    assert len(entries(world, incident, "PERSON_CALLED")) == 2  # whoever knows is not called again
    assert len(entries(world, incident, "ESCALATION_ADVANCED")) == 1
    world.forward(seconds(1))
    assert [entry.out["party"] for entry in entries(world, incident, "PERSON_CALLED")][2:] == ["post:director"]
    assert_sound(world)


def test_a_message_names_the_question_not_a_call_sheet_that_stands_for_it(world: World) -> None:
    def body(respond: Responder) -> None:
        respond.side_by_side(
            lambda r: r.ask("decide", who=Role.OFFICER, chain="municipal"),
            lambda r: r.reach("national", template="first_report"),
            agree,
        )

    incident = start(world, play_of(body))
    world.forward(seconds(17))
    question = world.waiting(incident)["decide"].id
    named = {"decide": set[str](), "reach_national": set[str]()}
    for call in world.desk.look(work.deliveries, incident=incident):
        named[call.facts["step"]].add(call.facts["assignment"])
    assert named == {"decide": {question}, "reach_national": {""}}
