"""Plays a playbook to its end in a sample city and records its steps for ever.

`python -m tests.histories.record mail_spoofed malware_mail 2 opened_or_received=spoofed_only`; whatever else is asked
gets its first choice, and whoever has to be told is told. A recorded history is never written over.
"""

import json
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from csirt.response import duties, moving
from csirt.response.duties import Sent
from csirt.response.moving import Standing
from csirt.store.queries import duties as questions
from tests.histories.recorded import FOLDER
from tests.world import World, found_world

_PERSON = re.compile(r"p-[a-z0-9]{12}")


def play_to_the_end(world: World, name: str, version: int, chosen: dict[str, str]) -> str:
    """People answer whatever is asked until the case is closed; returns the incident."""
    play = world.desk.playbooks[name, version]
    object.__setattr__(world.desk.door.city, "playbooks", {play.handles: (name, version)})
    incident = world.open(play.handles)
    for _ in range(100):
        world.work()
        for step, view in world.waiting(incident).items():
            world.answer_as_asked(view, chosen.get(step, view.choices[0].code))
        for duty in world.desk.look(questions.duties, incident, open_only=True):
            sent = Sent("phone", world.clock.now())
            world.desk.commit(world.person("k.sato"), duties.report, duty.id, sent)
        if "INCIDENT_CLOSED" in world.kinds(incident):
            return incident
        world.clock.forward(timedelta(minutes=5))
    raise AssertionError("it never ended")


def recorded(world: World, incident: str) -> dict[str, Any]:
    """The steps of a run as a history holds them; people are nobody."""
    found: Standing = world.desk.look(moving.standing, incident)
    closed = next(entry for entry in world.told(incident) if entry.kind.value == "INCIDENT_CLOSED")
    steps = [
        {"key": key, "kind": step.kind.value, "state": step.state.value, "attempts": step.attempts, "value": step.value}
        for key, step in found.steps.items()
    ]
    table = {"playbook": found.playbook, "version": found.version, "end": f"closed:{closed.out['disposition']}",
             "steps": steps}  # fmt: skip
    plain: dict[str, Any] = json.loads(_PERSON.sub("p-somebody0000", json.dumps(table, ensure_ascii=False)))
    return plain


def main(name: str, playbook: str, version: str, *chosen: str) -> None:
    """Record one. Raises `FileExistsError` for a name that is taken."""
    choices = dict(one.split("=", 1) for one in chosen)
    with tempfile.TemporaryDirectory() as folder:
        world = found_world(Path(folder))
        table = recorded(world, play_to_the_end(world, playbook, int(version), choices))
        world.desk.close()
    with (FOLDER / f"{name}.json").open("x", encoding="utf-8") as file:
        json.dump(table, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
