"""Watched folders, with real files: whole ones are taken once, whatever happens in between."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.collecting import Collector, collecting, collectors
from csirt.errors import Unavailable
from csirt.founding import SAMPLE_CITY
from csirt.response.intake import Accepted
from tests.intake.declared import a_desk, counted
from tests.world import TUESDAY_MORNING

SURICATA = (SAMPLE_CITY.parent / "detections" / "suricata.ndjson").read_bytes()
LINES = len(SURICATA.splitlines())
DECLARED = """
[[source]]
name = "drop"
owner = "csirt-head"
way = "folder"
[[source]]
name = "vendor"
owner = "csirt-head"
way = "folder"
mapping = "vendor.toml"
[[source]]
name = "soc"
owner = "csirt-head"
way = "mail"
folder = "maildir"
"""
MAIL = "Message-ID: <1@soc.example>\r\nFrom: soc@example.jp\r\nSubject: 不審な通信\r\nDate: Tue, 24 Nov 2026 10:00:00 +0900\r\n\r\nhost: PC-7\r\n".encode()  # noqa: E501


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(TUESDAY_MORNING)


@pytest.fixture
def desk(tmp_path: Path, clock: FixedClock) -> Iterator[Desk]:
    made = a_desk(tmp_path, DECLARED, clock)
    yield made
    made.close()


def of(desk: Desk, name: str) -> Collector:
    one = next(one for one in collectors(desk) if one.source.name == name)
    one.collect()
    return one


def look_twice(one: Collector, clock: FixedClock) -> None:
    one.collect()
    clock.forward(timedelta(seconds=2))
    one.collect()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_taken_whole_and_put_away(desk: Desk, clock: FixedClock) -> None:
    one, folder = of(desk, "drop"), desk.settings.data / "incoming/drop"
    (folder / "eve.json").write_bytes(SURICATA)
    look_twice(one, clock)
    assert counted(desk).records == LINES
    assert counted(desk).detections > 0
    assert [name.endswith("-eve.json") for name in names(folder / "done")] == [True]
    assert names(folder) == [".taking", "done", "quarantine"]
    assert (folder / "done" / names(folder / "done")[0]).read_bytes() == SURICATA


def test_a_file_that_still_grows_is_waited_for(desk: Desk, clock: FixedClock) -> None:
    one, folder = of(desk, "drop"), desk.settings.data / "incoming/drop"
    with (folder / "eve.json").open("wb") as file:
        for line in SURICATA.splitlines(keepends=True):
            file.write(line)
            file.flush()
            clock.forward(timedelta(seconds=1))
            one.collect()
            assert counted(desk).records == 0
    for unfinished in ("x.part", ".hidden", "y.tmp", "z~"):
        (folder / unfinished).write_bytes(SURICATA)
    look_twice(one, clock)
    assert counted(desk).records == LINES
    assert len(names(folder / "done")) == 1


def test_what_cannot_be_read_lies_in_quarantine_with_the_reason(desk: Desk, clock: FixedClock) -> None:
    one, folder = of(desk, "drop"), desk.settings.data / "incoming/drop"
    hostile = os.fsdecode(b"bad\xff\x1b name\n.bin")
    (folder / hostile).write_bytes(b"\x00\x01\x02")
    (folder / "empty.json").write_bytes(b"")
    look_twice(one, clock)
    view = counted(desk)
    assert (view.records, view.quarantined) == (2, 2)
    reasons = [json.loads(path.read_text()) for path in (folder / "quarantine").glob("*.reason.json")]
    assert sorted(why["code"] for why in reasons) == ["empty", "format_unknown"]
    assert names(folder / "done") == []
    assert len(names(folder / "quarantine")) == 4


def test_links_pipes_and_folders_are_left_alone(desk: Desk, clock: FixedClock, tmp_path: Path) -> None:
    one, folder = of(desk, "drop"), desk.settings.data / "incoming/drop"
    (tmp_path / "secret").write_bytes(SURICATA)
    (folder / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    look_twice(one, clock)
    assert counted(desk).records == 0


class Killed(BaseException):
    """The worker died just here."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_loses_nothing_and_doubles_nothing(
    desk: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    one, folder = of(desk, "drop"), desk.settings.data / "incoming/drop"
    (folder / "eve.json").write_bytes(SURICATA)

    def die(*_: object) -> str:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Collector, "_keep" if when == "before" else "_put_away", die)
        with pytest.raises(Killed):
            look_twice(one, clock)
    assert counted(desk).records == (0 if when == "before" else LINES)
    of(desk, "drop")
    assert counted(desk).records == LINES
    assert len(names(folder / "done")) == 1
    assert names(folder / ".taking") == []


def test_while_the_database_is_away_the_file_stays(
    desk: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, folder = of(desk, "drop"), desk.settings.data / "incoming/drop"
    (folder / "eve.json").write_bytes(SURICATA)

    def away(*_: object, **__: object) -> Accepted:
        raise Unavailable("database_unavailable")

    with monkeypatch.context() as patch:
        patch.setattr("csirt.collecting.take_in", away)
        for _ in range(3):
            assert not collecting(one, lambda: True)
            clock.forward(timedelta(seconds=2))
    assert counted(desk).records == 0
    assert collecting(one, lambda: False) is False
    collecting(one, lambda: True)
    assert counted(desk).records == LINES


def test_the_mapping_of_a_source_reads_its_files(desk: Desk, clock: FixedClock) -> None:
    one, folder = of(desk, "vendor"), desk.settings.data / "incoming/vendor"
    (folder / "a.json").write_bytes(b'{"alarm": "Mimikatz", "machine": "pc-7"}')
    look_twice(one, clock)
    assert counted(desk, "vendor").detections == 1
    (desk.settings.data / "mappings/vendor.toml").write_text("format =")
    (folder / "b.json").write_bytes(b'{"alarm": "Mimikatz", "machine": "pc-8"}')
    look_twice(one, clock)
    assert counted(desk, "vendor").quarantined == 1


def test_mails_of_a_maildir_and_of_a_folder_are_taken_once(desk: Desk, clock: FixedClock) -> None:
    folder = desk.settings.data / "maildir"
    (folder / "new").mkdir(parents=True)
    one = of(desk, "soc")
    (folder / "new" / "1:2,").write_bytes(MAIL)
    one.collect()
    assert counted(desk, "soc").detections == 1
    (folder / "copy.eml").write_bytes(b"Received: from elsewhere\r\n" + MAIL)
    look_twice(one, clock)
    assert (counted(desk, "soc").records, len(names(folder / "done"))) == (1, 2)
    (folder / "forged.eml").write_bytes(MAIL.replace(b"PC-7", b"PC-8"))  # the same Message-ID hides no other mail
    look_twice(one, clock)
    assert counted(desk, "soc").records == 2
