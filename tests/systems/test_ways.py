"""Tickets and mails as ways out, and how orders pass through actions: once for each key, by hand at last."""

import json
import time
from pathlib import Path

import pytest

from csirt.errors import Invalid, Unavailable
from csirt.model.order import Order, OrderKind
from csirt.playbook import Disposition, Responder
from csirt.playbook.acting import Hands
from csirt.playbook.connectors import Systems
from csirt.playbook.systems import FILE, read_systems
from notifications.folder import FolderChannel
from playbooks import containment
from tests.cli.calling import call
from tests.plays import assert_sound, entries, play_of, start, steps
from tests.systems.conftest import Make
from tests.systems.outside import SECRET, Outside, outside
from tests.world import World

TICKET = """
[[system]]
name = "soc-desk"
kind = "ticket"
does = ["block"]
folder = "tickets/soc"
"""
ORDER = Order(OrderKind.BLOCK, ("203.0.113.9",), "i-1", "r-1:block[pc 1/..]")


def test_a_ticket_is_one_whole_file_for_each_key(make: Make, tmp_path: Path) -> None:
    systems = make(TICKET)
    systems.act(ORDER)
    systems.act(ORDER)
    (ticket,) = (tmp_path / "tickets" / "soc").iterdir()
    assert ticket.name == "r-1-block-pc-1-..--soc-desk.json"
    assert json.loads(ticket.read_text())["targets"] == ["203.0.113.9"]
    assert ticket.stat().st_mode & 0o777 == 0o600
    assert [(one.ok, one.code) for one in systems.check()] == [(True, "writable")]
    assert len(list(ticket.parent.iterdir())) == 1


def test_a_ticket_that_cannot_be_written_is_tried_again(make: Make, tmp_path: Path) -> None:
    (tmp_path / "tickets").write_text("a file")
    systems = make(TICKET)
    with pytest.raises(Unavailable, match="ticket_not_written") as caught:
        systems.act(ORDER)
    assert not caught.value.permanent
    assert not systems.check()[0].ok


MAIL = """
[[system]]
name = "vendor"
kind = "mail"
does = ["isolate"]
to = "ops@vendor.example"
subject = "[$incident] $order"
body = "Please do: $order\\n$targets\\n($key)\\n"
"""


def test_a_mail_is_filled_from_the_citys_own_template(world: World, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(MAIL)
    channel = FolderChannel("mail", tmp_path / "mail", sender="csirt@city.example")
    file = read_systems(tmp_path / FILE)
    systems = Systems.of(file, clock=world.clock, channels={"mail": channel}, data=tmp_path)
    order = Order(OrderKind.ISOLATE, ("pc-1", "pc-2"), "i-1", "r-1:isolate_hosts")
    systems.act(order)
    systems.act(order)
    (mail,) = (path for path in (tmp_path / "mail").rglob("*") if path.is_file())
    assert "isolate" in mail.read_text()
    assert [one.code for one in systems.check()] == ["not_sent"]
    with pytest.raises(Invalid, match="system_malformed"):
        Systems.of(file, clock=world.clock, channels={}, data=tmp_path)


# ------------------------------------------------------------------------------------------------------------- actions


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that the systems of this file refer to, for one test only."""
    monkeypatch.setenv("TEST_CLOUD_KEY", SECRET.decode())


def with_systems(world: World, toml: str, url: str = "") -> World:
    """The same world, whose city has these systems."""
    allowed = f'[allow]\nhosts = ["{url.rpartition("/")[2]}"]\n'
    path = world.desk.settings.data / FILE
    path.write_text(allowed + toml.replace("$URL", url))
    systems = Systems.of(read_systems(path), clock=world.clock, channels={}, data=world.desk.settings.data)
    hands = Hands(world.desk.door, world.desk.settings.data / "tickets", systems)
    object.__setattr__(world.desk, "hands", hands)
    return world


EDR = """
[[system]]
name = "edr"
kind = "http"
does = ["isolate", "release"]
url = "$URL/hosts"
secret = "env:TEST_CLOUD_KEY"
timeout = 1
"""


def isolates(respond: Responder) -> Disposition:
    respond.do(containment.isolate_hosts, ["pc-1"])
    respond.do(containment.release_hosts, ["pc-1"], "誤検知だった")
    return respond.close(Disposition.BENIGN)


def test_containment_and_its_way_back_stand_in_the_record(world: World, cloud: Outside) -> None:
    with_systems(world, EDR, cloud.url)
    incident = start(world, play_of(isolates))
    world.work()
    assert [json.loads(one["body"])["order"] for one in cloud.seen] == ["isolate", "release"]
    assert len(entries(world, incident, "STEP_STARTED")) == 2
    value = steps(world, incident)["isolate_hosts"].value
    assert isinstance(value, dict)
    assert value["order"] == "isolate"
    assert SECRET.decode() not in repr(world.told(incident))
    assert_sound(world)


def test_an_attempt_that_broke_in_the_middle_comes_again_under_the_same_key(world: World, cloud: Outside) -> None:
    cloud.behave = "drop"
    with_systems(world, EDR, cloud.url)
    incident = start(world, play_of(isolates))
    world.work()
    assert [entry.out["code"] for entry in entries(world, incident, "STEP_ATTEMPT_FAILED")] == [
        "system_outcome_unknown"
    ]
    world.forward(containment.isolate_hosts.within)
    assert [json.loads(one["body"])["order"] for one in cloud.seen] == ["isolate", "isolate", "release"]
    assert len(cloud.effects) == 2
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"


def test_without_a_system_a_person_is_asked_at_once(world: World) -> None:
    incident = start(world, play_of(isolates))
    world.work()
    assert [entry.out["code"] for entry in entries(world, incident, "STEP_FAILED")] == ["system_none_for"]
    assert steps(world, incident)["isolate_hosts"].attempts == 1
    assert "isolate_hosts_by_hand" in world.waiting(incident)


def test_a_system_that_refuses_keeps_no_other_from_being_asked(world: World, cloud: Outside) -> None:
    cloud.behave = "refuse"
    with_systems(world, EDR + TICKET.replace("block", "isolate"), cloud.url)
    incident = start(world, play_of(isolates))
    world.work()
    (ticket,) = (world.desk.settings.data / "tickets/soc").glob("*.json")
    assert json.loads(ticket.read_text())["targets"] == ["pc-1"]
    assert [entry.out["code"] for entry in entries(world, incident, "STEP_FAILED")] == ["system_refused"]
    assert "isolate_hosts_by_hand" in world.waiting(incident)


def test_a_drill_touches_nothing_outside(world: World, cloud: Outside) -> None:
    with_systems(world, EDR, cloud.url)
    acting = world.desk.hands.at(world.open(), "k")
    drill = type(acting)(
        acting.door, acting.tickets / "drill", acting.incident, "k", drill=True, systems=acting.systems
    )
    assert drill.order(OrderKind.ISOLATE, ["pc-1"]) == {"ticket": "isolate-k.json"}
    assert cloud.seen == []


def test_where_detections_name_nothing_nothing_is_ordered(world: World, cloud: Outside) -> None:
    with_systems(world, EDR.replace('"isolate", "release"', '"block"'), cloud.url)

    def body(respond: Responder) -> Disposition:
        respond.do(containment.block_addresses)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    assert steps(world, incident)["block_addresses"].value == {"order": "block", "systems": []}
    assert cloud.seen == []


def test_the_command_line_tries_every_system(world: World, cloud: Outside) -> None:
    data = world.desk.settings.data
    (data / FILE).write_text(TICKET)
    good = call("systems", "check", "--data", data, "--json")
    assert (good.code, good.row["ok"], good.row["does"]) == (0, True, ["block"])
    assert "遮断" in call("systems", "check", "--data", data).out
    assert [row["system"] for row in call("systems", "list", "--data", data, "--json").rows] == ["soc-desk"]
    with_systems(world, TICKET + EDR, cloud.url)
    cloud.behave = "refuse"
    bad = call("systems", "check", "--data", data, "--json")
    assert bad.code == 6
    assert [row["ok"] for row in bad.rows] == [True, False]
    assert bad.error["error"] == "system_check_failed"
    (data / FILE).write_text("[[system]]\nname = 3\n")
    broken = call("systems", "check", "--data", data, "--json")
    assert (broken.code, broken.error["params"]["key"]) == (2, "name")


def test_one_that_hangs_holds_up_no_other_case(world: World) -> None:
    with outside() as stuck:
        stuck.behave = "hang"
        with_systems(world, EDR, stuck.url)
        first = start(world, play_of(isolates))
        world.passes()
        begun = time.monotonic()
        second = world.open()
        world.passes()
        assert time.monotonic() - begun < 1
        assert "is_it_an_incident" in world.waiting(second)
        assert steps(world, first)["isolate_hosts"].state.value == "open"
