"""A detection that names no host is told so in words; the value that it is sorted by stays in JSON (decision 0023)."""

from pathlib import Path

import pytest

from csirt.bootstrap import Desk
from csirt.model.detection import Detection, SourceRecord
from csirt.model.people import SYSTEM
from csirt.response import intake, triage
from csirt.store.queries import cases
from tests.cli.calling import call
from tests.web.test_observables import SENSOR, Make
from tests.web.visitor import Visitor

WORDS = {"ja": "（記載なし）", "en": "(none named)"}


def report(desk: Desk, level: int, host: str | None = None) -> None:
    one = Detection("mail", "Notice", "low", level, user=f"taro{level}", host=host)
    desk.commit(SENSOR, intake.accept, [SourceRecord(0, f"{level}".encode(), one)], source="sensor:test", form="test")
    desk.commit(SYSTEM, triage.triage)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_commands_say_it_in_words_and_json_keeps_the_value(desk: Desk, tmp_path: Path, language: str) -> None:
    report(desk, 1)
    told = call("detections", "list", "--data", desk.settings.data, "--lang", language).out
    assert (WORDS[language] in told, "unknown:" in told) == (True, False)
    (row,) = call("detections", "list", "--data", desk.settings.data, "--lang", language, "--json").rows
    assert (row["attacked"][:13], row["attacked_text"]) == ("unknown:mail:", WORDS[language])
    for name, said, shown in (
        ("a", b'{"title": "x"}', WORDS[language]),
        ("b", b'{"title": "x", "dst_ip": "10.0.0.7"}', "10.0.0.7"),
    ):
        (tmp_path / name).write_bytes(b'{"schema": "csirt.detection.v1", ' + said[1:])
        assert shown in call("read", tmp_path / name, "--lang", language).out
        (read,) = call("read", tmp_path / name, "--lang", language, "--json").rows
        assert "host" not in read


def test_pages_and_api_say_it_in_words(desk: Desk, someone: Make) -> None:
    report(desk, 3)
    report(desk, 1)
    (case,) = desk.look(cases.incidents)
    visitor = Visitor(someone().client)
    visitor.sign_in("k.sato")
    for address in ("/waiting", "/detections", f"/incidents/{case.id}"):
        page = visitor.client.get(address).text
        assert (WORDS["ja"] in page, "unknown:" in page) == (True, False), address
    reader = someone("f.yamada")
    for address in (f"/incidents/{case.id}/detections", "/detections/waiting"):
        (given,) = reader.get(address).json()
        assert given["attacked"].startswith("unknown:mail:")
        assert given["attacked_text"] in WORDS.values(), address
