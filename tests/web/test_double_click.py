"""Every form can be sent twice without harm: it carries a key, or what it does can happen only once by itself."""

import re
from collections.abc import Iterator

from fastapi.routing import APIRoute

from csirt.model.incident import Level
from csirt.response import incidents
from csirt.taking import take_in
from csirt.web.pages import routes as pages
from tests.web.test_pages_board import ALERT, SENSOR
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]

_FORM = re.compile(r'<form method="post" action="([^"]+)".*?</form>', re.DOTALL)
_KEY = re.compile(r'<input type="hidden" name="key" value="[A-Za-z0-9_-]{8,64}">')
ONCE_BY_ITSELF = {
    r"/sign-in|/sign-in/code|/step-up|/second-factor|/sign-out|/account/sign-out": "a session begins or ends",
    r"/access/sessions/end": "sessions that have ended cannot end again",
    r"/access/resets(/[^/]+)?": "one request at a time for a person, decided once",
    r"/language": "a choice, not a deed",
    r"/drafts/drop": "a draft that is gone stays gone",
    r"/audit/check": "it reads the record",
    r"/quarantine/retry": "each record is read once",
    r"/escalations/[^/]+/acknowledge|/acknowledge/.+": "a call is seen once",
    r"/incidents/[^/]+/chains/[^/]+": "a chain is begun once for a case",
    r"/handovers/[^/]+/cancel": "a hand-over is cancelled once",
    r"/shift-notes/[^/]+/seen": "a note is seen once",
    r"/absences/[^/]+/end": "an absence ends once",
    r"/chains/[^/]+/confirmation": "the same day is confirmed",
    r"/access/tokens": "a name has one token; a second is refused",
    r"/directory": "it asks the directory and changes nothing",
}


def addresses(incident: str) -> Iterator[str]:
    """Every page that needs no more than a case."""
    for part in pages.PARTS:
        for route in part.router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.endswith("/live"):
                path = route.path.replace("/incidents/{name}", f"/incidents/{incident}")
                if "{" not in path:
                    yield path


def test_every_form_carries_a_key_or_is_named_here_with_its_reason(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    played.desk.commit(played.person("k.sato"), incidents.add_note, incident, "メモ")
    take_in(played.desk, SENSOR, (ALERT % (7, 1)).encode(), "suricata-eve", None)
    seen: set[str] = set()
    bare: set[str] = set()
    for uid in ("k.sato", "a.kobayashi", "r.kato", "y.tanaka", "o.sasaki"):
        me = visit(uid)
        for path in [*addresses(incident), *(f"/assignments/{one.id}" for one in played.waiting(incident).values())]:
            for form in _FORM.finditer(me.get(path).text):
                action = form[1].partition("?")[0]
                seen.add(action)
                if not _KEY.search(form[0]) and not any(re.fullmatch(one, action) for one in ONCE_BY_ITSELF):
                    bare.add(action)
    assert bare == set()
    assert {f"/incidents/{incident}/{part}" for part in ("notes", "level", "measures", "evidence")} <= seen
    assert len(seen) > 20


def test_a_level_sent_twice_is_set_once(visit: Visit, played: World) -> None:
    incident = played.open()
    page, action = f"/incidents/{incident}", f"/incidents/{incident}/level"
    me = next(one for one in map(visit, ("a.kobayashi", "y.tanaka", "k.sato")) if action in one.text(page))
    for level in Level:
        typed = me.form(page, action) | {"level": str(int(level)), "reason": "被害の範囲から"}
        before = played.kinds(incident).count("LEVEL_SET")
        if me.post(action, typed).status_code != 303:
            continue  # another post sets this one
        assert lead(me.post(action, typed)) == page
        assert played.kinds(incident).count("LEVEL_SET") == before + 1
        return
    raise AssertionError
