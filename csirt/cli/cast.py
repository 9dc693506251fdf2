"""The sample city's people at the REST API: each signs in as themselves and does what the script says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from csirt.errors import CsirtError, Forbidden, Invalid, Unavailable


def password_of(uid: str) -> str:
    """The password of a sample account; printed by `csirt demo`, worth nothing outside the sample city."""
    return f"{uid}-naruto"


def answer_of(part: Mapping[str, Any], at: str) -> dict[str, Any]:
    """A part of the script as an answer for the API; `at`: what a clock on the wall shows, where that is asked."""
    fields = {**part.get("fields", {})}
    if "done_at" in fields:
        fields["done_at"] = at
    return {"choice": part["choice"], "reason": part["reason"], "fields": fields}


def call_of(sheet: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The call sheet of the script as an answer, spoken at this time."""
    fields = {name: sheet[name] for name in ("number", "spoke_with", "read_back")}
    return {"choice": sheet["choice"], "reason": "", "fields": fields | {"spoke_at": at}}


@dataclass
class Cast:
    """All people of the sample city, signed in when they are first needed."""

    base_url: str
    _people: dict[str, httpx.Client] = field(default_factory=dict)

    def _client(self, uid: str) -> httpx.Client:
        if uid not in self._people:
            client = httpx.Client(base_url=f"{self.base_url}/api/v1", timeout=30, headers={"Accept-Language": "ja"})
            answer = client.post("/session", json={"uid": uid, "password": password_of(uid)})
            client.headers["X-CSRF-Token"] = checked(answer)["csrf"]
            self._people[uid] = client
        return self._people[uid]

    def get(self, uid: str, path: str) -> Any:
        """Read something as this person."""
        return checked(self._client(uid).get(path))

    def post(self, uid: str, path: str, body: dict[str, Any], key: str = "") -> Any:
        """Do something as this person; `key` makes a repeat harmless. Raises the error that the API answered."""
        headers = {"Idempotency-Key": key} if key else {}
        return checked(self._client(uid).post(path, json=body, headers=headers))

    def send(self, token: str, raw: bytes, key: str) -> Any:
        """Send detections as a sensor."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        with httpx.Client(base_url=f"{self.base_url}/api/v1", timeout=30) as client:
            return checked(client.post("/detections", content=raw, headers=headers))

    def is_there(self) -> bool:
        """Does the page answer?"""
        try:
            return httpx.get(f"{self.base_url}/api/v1/health", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def leave(self) -> None:
        """Everybody signs out."""
        for client in self._people.values():
            client.delete("/session")
            client.close()
        self._people.clear()


_FAMILY: dict[int, type[CsirtError]] = {401: Forbidden, 403: Forbidden, 422: Invalid}


def checked(answer: httpx.Response) -> Any:
    """The JSON of an answer, or the error that it stands for."""
    if answer.is_success:
        return answer.json() if answer.content else None
    found = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    raise _FAMILY.get(answer.status_code, Unavailable)(str(found.get("error") or f"http_{answer.status_code}"))
