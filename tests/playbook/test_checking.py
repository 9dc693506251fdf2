"""A broken playbook is refused before it is published, and the fault names file, line and step."""

from pathlib import Path

import pytest

from csirt import gallery
from csirt.bootstrap import load_playbooks, wire
from csirt.errors import CsirtError
from csirt.gallery import Shelf
from csirt.model.people import Roster
from csirt.playbook.editions import fingerprint, load_file
from tests.playbook.city_files import SOUND, TEXTS, write
from tests.world import World

SWALLOWING = "    try:\n        respond.wait\n    except BaseException:\n        pass\n"
UNREACHED = "    if False:\n        respond.ask('never', who=Role.OFFICER)\n"
ENDLESS = """    turn = 0
    while True:
        turn += 1
        respond.ask(f'turn_{turn}', who=Role.OFFICER)
"""
BROKEN: dict[str, tuple[str, str, str, int, str]] = {
    # what is put in place of what: then code, line and step
    "syntax": ("if found.yes:", "if found.yes", "playbook_syntax", 10, ""),
    "clock": ("from csirt.playbook import", "import time\nfrom csirt.playbook import", "playbook_import", 3, ""),
    "chance": ("from csirt.playbook", "import random\nfrom csirt.playbook", "playbook_import", 3, ""),
    "file": ("    found = respond", '    open("/etc/hosts")\n    found = respond', "playbook_call", 9, ""),
    "swallows": ("    found = respond", f"{SWALLOWING}    found = respond", "playbook_swallows", 11, ""),
    "name error": ("    if found.yes:", "    if lost.yes:", "playbook_breaks", 10, ""),
    "twice": ('"lock_device", who', '"was_it_found", who', "playbook_step_twice", 0, ""),
    "unreachable": ("    if found.yes:", f"{UNREACHED}    if found.yes:", "playbook_step_unreachable", 11, "never"),
    "no chain": ('chain="municipal"', 'chain="no_such"', "playbook_chain_unknown", 9, "was_it_found"),
    "no post": ('"post:ciso"', '"post:nobody"', "playbook_post_unknown", 12, "lock_device"),
    "no text": ('"lock_device"', '"unheard_of"', "playbook_text_missing", 12, "unheard_of"),
    "no choice text": ('Choice("done")', 'Choice("maybe")', "playbook_text_missing", 12, "lock_device"),
    "endless": ("    if found.yes:", f"{ENDLESS}    if found.yes:", "playbook_endless", 0, ""),
    "nothing": ("@playbook(", "@str(", "playbook_breaks", 0, ""),
}  # fmt: skip


def own(world: World) -> Path:
    return world.desk.settings.own_playbooks


def publish(world: World) -> list[CsirtError]:
    """What keeps the city's playbooks from being published, read anew."""
    desk = wire(world.desk.settings, "cli", world.clock)
    try:
        return gallery.publish(Shelf.of(desk), desk, world_roster(world))[1]
    finally:
        desk.close()


def world_roster(world: World) -> Roster:
    return Roster(world.desk.directory.people(), world.desk.directory.posts())


def test_what_is_shipped_is_sound_published_and_unchanged(world: World) -> None:
    """After a change of a playbook: a new version of it, the old one into `editions/`, and `playbooks publish`."""
    assert [str(fault) for fault in gallery.faults(Shelf.of(world.desk), world.desk, world_roster(world))] == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_playbook_is_refused(world: World, name: str) -> None:
    old, new, code, line, step = BROKEN[name]
    assert old in SOUND
    write(own(world), SOUND.replace(old, new, 1))
    found = [fault for fault in publish(world) if fault.code == code]
    assert found, [str(fault) for fault in publish(world)]
    assert found[0].params["file"] == "loss.py"
    assert found[0].params.get("line", 0) == line
    assert found[0].params.get("step", "") == step
    assert not (own(world) / "published.toml").exists()


def test_a_text_in_one_language_only_is_refused(world: World) -> None:
    write(own(world), texts=TEXTS.replace('title.en = "Lock it"\n', ""))
    assert [fault.params["text"] for fault in publish(world)] == ["title.en"]


def test_a_sound_one_is_published_and_new_incidents_take_it(world: World) -> None:
    write(own(world))
    before = wire(world.desk.settings, "cli", world.clock)
    assert [fault.code for fault in before.left_out] == ["playbook_unpublished"]
    before.close()
    assert publish(world) == []
    after = wire(world.desk.settings, "cli", world.clock)
    assert after.left_out == ()
    assert after.playbooks["loss", 1].handles == "loss_theft"
    assert after.texts.playbook_title("loss", "en") == "Loss"
    assert gallery.faults(Shelf.of(after), after, world_roster(world)) == []
    after.close()


def test_a_published_version_that_changed_is_left_out_and_the_others_go_on(world: World) -> None:
    write(own(world))
    write(own(world), SOUND.replace("loss(", "theft("), TEXTS, "theft")
    assert publish(world) == []
    file = write(own(world), SOUND.replace("hours(2)", "hours(3)"))
    desk = wire(world.desk.settings, "cli", world.clock)
    assert [(fault.code, fault.params["file"]) for fault in desk.left_out] == [("playbook_changed", file.name)]
    assert ("loss", 1) not in desk.playbooks
    assert ("theft", 1) in desk.playbooks
    assert ("ransomware", 1) in desk.playbooks
    desk.close()
    assert [fault.code for fault in publish(world)] == ["playbook_changed"]


def test_nobody_may_take_the_name_of_a_shipped_version(world: World) -> None:
    write(own(world), SOUND.replace("loss(", "ransomware("))
    desk = wire(world.desk.settings, "cli", world.clock)
    assert {"playbook_twice", "playbook_unpublished"} == {fault.code for fault in desk.left_out}
    assert desk.playbooks["ransomware", 1] == world.desk.playbooks["ransomware", 1]
    desk.close()


def test_a_fingerprint_forgives_remarks_and_nothing_else(tmp_path: Path) -> None:
    def of(source: str) -> str:
        return fingerprint(load_file(write(tmp_path, source))[0])

    first = of(SOUND)
    assert of(SOUND.replace('"""Look for it, and lock it."""', '"""Other words."""  # a remark')) == first
    for old, new in (("hours(2)", "hours(3)"), ("Role.OFFICER", "Role.CISO"), ("found.yes", "found.no"),
                     ("loss_theft", "ddos")):  # fmt: skip
        assert of(SOUND.replace(old, new)) != first


def test_an_older_version_may_move_to_another_file_and_its_form_may_not_change(tmp_path: Path) -> None:
    form = "class Lost(BaseModel):\n    devices: int\n\n\n"
    source = "from pydantic import BaseModel\n" + SOUND.replace("@playbook", form + "@playbook")
    source = source.replace("who=", "fields=Lost, who=", 1)

    def of(name: str, text: str) -> str:
        return fingerprint(load_file(write(tmp_path, text, name=name))[0])

    first = of("loss", source)
    assert of("loss_v1", source) == first
    assert of("loss", source.replace("devices: int", "devices: int = 0")) != first


def test_a_fingerprint_covers_what_the_body_calls(tmp_path: Path) -> None:
    helped = SOUND.replace("hours(2)", "TIME").replace("@playbook", "TIME = hours(2)\nWHO = ('ciso',)\n\n\n@playbook")
    first = fingerprint(load_file(write(tmp_path, helped + "\n\ndef unused():\n    return WHO\n"))[0])
    assert fingerprint(load_file(write(tmp_path, helped))[0]) == first
    shipped = load_playbooks()["malware_mail", 1]
    assert len(fingerprint(shipped)) == 64
