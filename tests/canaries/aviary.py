"""Lets canaries fly through every door of a city, and looks afterwards where one of them sits."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from itertools import chain, islice
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from csirt.bootstrap import Desk
from csirt.chores import Chores
from csirt.clock import FixedClock
from csirt.errors import CsirtError
from csirt.model.people import SYSTEM
from csirt.replying import Replies
from csirt.taking import take_in
from csirt.web.pages import routes as pages
from tests.canaries.doors import Form, Plant, api_calls, forms_of
from tests.canaries.planting import KINDS, Canary, canaries, found_in
from tests.canaries.searching import plain, raw_files, readable, tables
from tests.cli.calling import call
from tests.web.conftest import Someone, drive

Make = Callable[..., Someone]
WHO = ("k.sato", "a.kobayashi", "o.sasaki", "s.watanabe")
SKIPPED = ("/sign-out", "/api/", "/static/")
SYSLOG = b"<134>Nov 22 14:05:09 fw01 kernel: %s\n"


@dataclass
class Aviary:
    """One city with its doors; `answers` are what was said, by where it was asked."""

    desk: Desk
    app: FastAPI
    someone: Make
    bodies: dict[str, Any]
    traces: dict[str, str]
    seed: int = 1
    planted: list[Canary] = field(default_factory=list)
    answers: list[tuple[str, int, str]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    _people: dict[str, Someone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # In each city another kind, in another spelling, comes to the same door.
        self._source = islice(canaries(self.seed, 10**6), 5 * self.seed % 48, None)

    def plant(self, but: str = "") -> str:
        """The text of the next one, or of the next of another kind: a number has the whole form refused."""
        one = next(one for one in self._source if one.kind != but)
        self.planted.append(one)
        return one.text

    def plant_readable(self) -> str:
        """The next one that is no number."""
        return self.plant("number")

    # ---------------------------------------------------------------------------------------------------------- doors

    @property
    def _plants(self) -> tuple[Plant, Plant]:
        return self.plant, self.plant_readable

    def through_every_door(self, work: Callable[[], None]) -> None:
        """All of them; `work` lets the playbooks go on."""
        self.by_api()
        self.by_pages()
        self.through_smaller_doors(work)

    def through_smaller_doors(self, work: Callable[[], None]) -> None:
        """Those that no description lists; sign-in comes last: after wrong passwords nobody is let in for a while."""
        for door in (self.by_cases, self.by_files, self.by_replies, self.by_commands, work, self.by_answers, work):
            door()
        self.by_sign_in()

    def by_cases(self) -> None:
        """Cases with one in every text that whoever reports may write."""
        who = self._signed_in("k.sato")
        for number in range(2 * len(KINDS)):
            plant = self._plants[number % 4 > 0]
            said = {"title": plant(), "account": plant(), "host": plant(), "type": "ransomware"}
            opened = who.post("/incidents", said)
            self._note("POST /incidents", opened)
            if opened.status_code == httpx.codes.CREATED:
                self.opened.append(opened.json()["id"])

    def by_answers(self) -> None:
        """Every question that stands open is answered with one in the reason: first with a number, which is refused."""
        who = self._signed_in("k.sato")
        standing = who.get("/assignments")
        assert standing.status_code == httpx.codes.OK, standing.text
        for asked in standing.json():
            for plant in self._plants:
                answer = who.post(f"/assignments/{asked['id']}/answer", {"choice": "yes", "reason": plant()})
                self._note("POST answer", answer)

    def by_api(self) -> None:
        """Every free text of every operation; who may not is followed by somebody who may."""
        for asked in chain(*(api_calls(self.app, self.bodies, self.traces, one) for one in self._plants)):
            for uid in WHO:
                who = self._signed_in(uid)
                answer = who.client.request(
                    asked.method, asked.path, params=dict(asked.query), json=asked.body,
                    headers={"X-CSRF-Token": who.csrf},
                )  # fmt: skip
                self._note(f"{asked.method} {asked.path} {sorted(asked.query)}", answer)
                if answer.status_code not in {401, 403}:
                    break

    def by_pages(self) -> None:
        """Every form that any page draws, with a canary in each field that somebody types into."""
        done: set[tuple[str, str]] = set()
        for uid in WHO:
            for path in self._addresses():
                page = self._signed_in(uid).client.get(path, headers={"Accept": "text/html"}, follow_redirects=True)
                self._note(f"GET {path}", page)
                for form in forms_of(page.text):
                    if (form.action, *sorted(form.typed)) not in done and form.typed:
                        done.add((form.action, *sorted(form.typed)))  # type: ignore[arg-type]
                        self._send(uid, form)

    def _send(self, uid: str, form: Form) -> None:
        for plant in self._plants:
            typed = form.fields | {name: plant() for name in form.typed}
            answer = self._signed_in(uid).client.post(form.action, data=typed, follow_redirects=True)
            self._note(f"POST {form.action} {form.typed}", answer)

    def _addresses(self) -> Iterator[str]:
        for part in pages.PARTS:
            for route in part.router.routes:
                if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.endswith("/live"):
                    path = route.path.format(**{**self.traces, "seq": "0", "size": "1", "key": "k" * 12, "token": "x"})
                    if not path.startswith(SKIPPED):
                        yield path

    def by_sign_in(self) -> None:
        """Passwords and names of who cannot sign in, at both doors."""
        nobody = self.someone()
        for _ in range(2):
            typed = {"uid": self.plant()[:60], "password": self.plant()}
            self._note("POST /api/v1/session", nobody.client.post("/api/v1/session", json=typed))
            page = nobody.client.get("/sign-in").text
            (form,) = [one for one in forms_of(page) if one.action.startswith("/sign-in")]
            self._note("POST /sign-in", nobody.client.post("/sign-in", data=form.fields | typed))

    def by_files(self) -> None:
        """Uploads: their names and contents; imports; detections in several forms; a source that is not declared."""
        who, incident = self._signed_in("k.sato"), self.traces["name"]
        for _ in range(4):
            name = self.plant()
            headers = {"X-CSRF-Token": who.csrf, "Content-Type": "application/octet-stream"}
            url = f"/api/v1/incidents/{incident}/evidence"
            self._note("PUT evidence", who.client.post(url, params={"name": name}, content=b"x", headers=headers))
            files = {"file": (name, self.plant().encode(), "text/plain")}
            form = {"csrf": who.csrf}
            sent = who.client.post(f"/incidents/{incident}/evidence", data=form, files=files, follow_redirects=True)
            self._note("POST evidence form", sent)
            table = f"資産番号,名称\n1,{self.plant()}\n".encode()
            self._note("POST assets", who.client.post("/api/v1/assets", content=table, headers=headers))
            note = {"X-CSRF-Token": who.csrf, "Content-Type": "application/json"}
            odd = json.dumps({"title": self.plant(), "user": self.plant()}).encode()
            self._note("POST detections", who.client.post("/api/v1/detections", content=odd, headers=note))
            self._note("POST source", who.client.post(f"/api/v1/sources/{self.plant()}", content=odd, headers=note))
        for made in (self._eve(), self._cef(), self._mail(), SYSLOG % self.plant().encode()):
            take_in(self.desk, SYSTEM, made, "auto", None)

    def _eve(self) -> bytes:
        alert = {"signature": self.plant(), "severity": 1, "category": self.plant(), "action": "allowed"}
        event = {"timestamp": "2026-11-22T14:05:09+0900", "event_type": "alert", "src_ip": "10.0.0.9", "alert": alert}
        return json.dumps(event | {"dest_ip": "10.0.0.1", "payload_printable": self.plant()}).encode() + b"\n"

    def _cef(self) -> bytes:
        return f"CEF:0|V|P|1|1|{self.plant()}|9|msg={self.plant()} suser={self.plant()} dhost=pc-1\n".encode()

    def _mail(self) -> bytes:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = self.plant().replace("\u200b", ""), "a@x.example", "b@x.example"
        mail.set_content(self.plant())
        return mail.as_bytes()

    def by_replies(self) -> None:
        """Answers to our mails with anything in them."""
        folder = self.desk.settings.reply_folder
        assert folder is not None
        folder.mkdir(exist_ok=True)
        for number in range(4):
            (folder / f"{number}.eml").write_bytes(self._mail())
        Replies(self.desk).take_in()

    def by_commands(self) -> None:
        """The console, with a canary wherever it takes a text."""
        data, incident = self.desk.settings.data, self.traces["name"]
        for words in (
            ("note", incident, self.plant(), "--as", "k.sato"),
            ("open", self.plant(), "--as", "k.sato"),
            ("note", self.plant(), "x", "--as", "k.sato"),
            ("incident", self.plant()),
            ("search", self.plant()),
            ("level", incident, "2", self.plant(), "--as", "k.sato"),
            ("token", self.plant()),
            ("record", "list", "--step", self.plant()),
            ("ingest", self.plant()),
            (self.plant(),),
        ):
            called = call(*words, "--data", data, "--json")
            self.answers.append((f"csirt {words[0][:12]}", 500 if called.code else 200, called.err))

    # ----------------------------------------------------------------------------------------------------------- after

    def settle(self) -> None:
        """Everything that follows: playbooks, decisions, messages, lines of the log."""
        chores = Chores(self.desk)
        for _ in range(5):
            drive(self.desk)
            for chore in (chores.decide, chores.act_slowly, chores.send, chores.write_lines, chores.make_findable):
                try:
                    chore()
                except CsirtError as error:
                    self.answers.append(("chore", 500, str(error)))

    def sitting(self, log: str, export: Path) -> dict[str, list[str]]:
        """Where one sits that must sit nowhere: place -> what was found, in short.

        Who typed something sees it again in the form that they have to mend: that is no error page. What a case says
        about people is what its texts and exports are for: names are looked for in logs, entries and mails only.
        """
        secret = [one for one in self.planted if one.kind != "name"]
        database = self.desk.settings.data / "csirt.sqlite"
        looked = [(place, text, self.planted) for place, text in (("log", log), *self._files())]
        looked.append(("entries", self._entries(), self.planted))
        looked += [(f"error {where}", _said(text), secret) for where, status, text in self.answers if status >= 400]
        looked += [(f"table {name}", text, secret) for name, text in tables(database)]
        looked += [(f"bytes {name}", text, secret) for name, text in raw_files(database)]
        looked += [
            (f"export {path.relative_to(export)}", readable(path), secret)
            for path in export.rglob("*")
            if path.is_file()
        ]
        return found_at(looked)

    def arrived(self, export: Path) -> list[Canary]:
        """Those that came through, as the texts of the case that they belong to: a search that finds none is blind."""
        return found_in(readable(export / "payloads.jsonl"), self.planted)

    def _entries(self) -> str:
        with closing(sqlite3.connect(self.desk.settings.data / "csirt.sqlite")) as database:
            return "\n".join(map(plain, database.execute("SELECT canonical FROM ledger_entry").fetchall()))

    def _files(self) -> Iterator[tuple[str, str]]:
        """Mails, log lines, checkpoints and whatever else lies in the data folder, as whoever opens it reads it."""
        data = self.desk.settings.data
        for path in data.rglob("*"):
            if path.is_file() and ".sqlite" not in path.name and "keys" not in path.parts:
                yield f"file {path.relative_to(data)}", readable(path)

    # ------------------------------------------------------------------------------------------------------------ ours

    def _signed_in(self, uid: str) -> Someone:
        who = self._people.get(uid)
        if who is None or who.get("/session").status_code != 200:
            who = self._people[uid] = self.someone(uid)
        if who.get("/session").status_code != httpx.codes.OK:  # wrong passwords keep everybody out for a while
            assert isinstance(self.desk.clock, FixedClock)
            self.desk.clock.forward(timedelta(hours=1))
            assert who.sign_in(uid).status_code == httpx.codes.OK, uid
        return who

    def _note(self, where: str, answer: httpx.Response) -> None:
        kind = answer.headers.get("content-type", "")
        text = answer.text if kind.startswith("text/") or "json" in kind else ""
        self.answers.append((where, answer.status_code, text))


def found_at(looked: Iterable[tuple[str, str, list[Canary]]]) -> dict[str, list[str]]:
    """Place -> the first canaries that sit there, for (place, text, those that must not)."""
    found: dict[str, list[str]] = {}
    for place, text, wanted in looked:
        found.setdefault(place, []).extend(_told(found_in(text, wanted)))
    return {place: caught for place, caught in found.items() if caught}


_TYPED_AGAIN = re.compile(r'<textarea.*?</textarea>|<pre.*?</pre>| value="[^"]*"', re.DOTALL)


def _said(answer: str) -> str:
    """What an answer says by itself, without what somebody typed and is given back to be mended."""
    return _TYPED_AGAIN.sub("", answer)


def _told(caught: list[Canary]) -> list[str]:
    return [f"{one.kind} {one.text!r}" for one in caught[:3]]
