"""What a detection carries is shown defanged on every page that shows the detection, and given by the API."""

from collections.abc import Callable

from csirt.bootstrap import Desk
from csirt.model.detection import Detection, SourceRecord
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import intake, triage
from csirt.store.queries import cases
from tests.cli.calling import call
from tests.web.conftest import Someone
from tests.web.visitor import Visitor

Make = Callable[..., Someone]
SENSOR = Actor("sensor:test", "token", "", frozenset({Role.SENSOR}))
URL, SHOWN = "https://evil.example/a", "hxxps://evil[.]example/a"
ELSEWHERE = "nother"
"""What makes it another address, that nothing is shared with."""


def detect(desk: Desk, host: str, level: int, url: str = URL) -> None:
    one = Detection("test", "x", "low", level, host=host, observables={"url": (url,), "technique": ("T1486",)})
    desk.commit(SENSOR, intake.accept, [SourceRecord(0, host.encode(), one)], source="sensor:test", form="test")
    desk.commit(SYSTEM, triage.triage)


def test_pages_and_api_show_them_defanged(desk: Desk, someone: Make) -> None:
    detect(desk, "pc-1", 3)
    detect(desk, "pc-2", 1, URL + ELSEWHERE)
    (case,) = desk.look(cases.incidents)
    visitor = Visitor(someone().client)
    visitor.sign_in("k.sato")
    for address in ("/waiting", "/detections", f"/incidents/{case.id}"):
        page = visitor.client.get(address).text
        assert SHOWN in page, address
        assert "T1486" in page, address
        assert URL not in page, address
    reader = someone("f.yamada")
    for address, rest in ((f"/incidents/{case.id}/detections", ""), ("/detections/waiting", ELSEWHERE)):
        assert reader.get(address).json()[0]["observables"] == [
            {"kind": "technique", "value": "T1486", "text": "T1486"},
            {"kind": "url", "value": URL + rest, "text": SHOWN + rest},
        ]


def test_the_command_shows_them_defanged(desk: Desk) -> None:
    detect(desk, "pc-2", 1)
    told = call("detections", "list", "--data", str(desk.settings.data)).out
    assert SHOWN in told
    assert URL not in told
    rows = call("detections", "list", "--data", str(desk.settings.data), "--json").rows
    assert rows[0]["observables"][1]["text"] == SHOWN
