"""Lets canaries fly through every door of a city, and looks afterwards where one of them sits."""

import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import openpyxl
from fastapi import FastAPI
from fastapi.routing import APIRoute

from csirt.bootstrap import Desk
from csirt.chores import Chores
from csirt.errors import CsirtError
from csirt.model.people import SYSTEM
from csirt.replying import Replies
from csirt.taking import take_in
from csirt.web.pages import routes as pages
from tests.canaries.doors import Form, api_calls, forms_of
from tests.canaries.planting import Canary, canaries, found_in
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
    _people: dict[str, Someone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._source = canaries(self.seed, 10**6)

    def plant(self) -> str:
        """The text of the next one."""
        one = next(self._source)
        self.planted.append(one)
        return one.text

    # ---------------------------------------------------------------------------------------------------------- doors

    def through_every_door(self) -> None:
        """All of them; sign-in comes last, since after wrong passwords nobody is let in for a while."""
        for door in (self.by_api, self.by_pages, self.by_files, self.by_replies, self.by_commands, self.by_sign_in):
            door()

    def by_api(self) -> None:
        """Every free text of every operation; who may not is followed by somebody who may."""
        for asked in api_calls(self.app, self.bodies, self.traces, self.plant):
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
        typed = form.fields | {name: self.plant() for name in form.typed}
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
        looked = [(place, text, self.planted) for place, text in (("log", log), *self._files(), *self._entries())]
        looked += [(f"error {where}", _said(text), secret) for where, status, text in self.answers if status >= 400]
        looked += [(f"table {place}", text, secret) for place, text in self._tables()]
        looked += [
            (f"export {path.name.split('-')[0]}", _readable(path), secret)
            for path in export.rglob("*")
            if path.is_file()
        ]
        found: dict[str, list[str]] = {}
        for place, text, wanted in looked:
            found.setdefault(place, []).extend(_told(found_in(text, wanted)))
        return {place: caught for place, caught in found.items() if caught}

    def _entries(self) -> Iterator[tuple[str, str]]:
        with closing(sqlite3.connect(self.desk.settings.data / "csirt.sqlite")) as database:
            rows = database.execute("SELECT canonical FROM ledger_entry").fetchall()
        yield "entries", "\n".join(map(_plain, rows))

    def _files(self) -> Iterator[tuple[str, str]]:
        data = self.desk.settings.data
        for path in data.rglob("*"):
            if path.is_file() and ".sqlite" not in path.name and "keys" not in path.parts:
                yield f"file {path.relative_to(data).parts[0]}", path.read_bytes().decode("utf-8", "replace")

    def _tables(self) -> Iterator[tuple[str, str]]:
        with closing(sqlite3.connect(self.desk.settings.data / "csirt.sqlite")) as database:
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                rows = database.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 - names of our own tables
                yield f"table {name}", "\n".join(map(_plain, rows))

    # ------------------------------------------------------------------------------------------------------------ ours

    def _signed_in(self, uid: str) -> Someone:
        who = self._people.get(uid)
        if who is None or who.get("/session").status_code != 200:
            who = self._people[uid] = self.someone(uid)
        return who

    def _note(self, where: str, answer: httpx.Response) -> None:
        kind = answer.headers.get("content-type", "")
        text = answer.text if kind.startswith("text/") or "json" in kind else ""
        self.answers.append((where, answer.status_code, text))


_TYPED_AGAIN = re.compile(r'<textarea.*?</textarea>|<pre.*?</pre>| value="[^"]*"', re.DOTALL)


def _said(answer: str) -> str:
    """What an answer says by itself, without what somebody typed and is given back to be mended."""
    return _TYPED_AGAIN.sub("", answer)


def _told(caught: list[Canary]) -> list[str]:
    return [f"{one.kind} {one.text!r}" for one in caught[:3]]


def _plain(row: tuple[Any, ...]) -> str:
    return " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in row)


def _readable(path: Path) -> str:
    raw = path.read_bytes()
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(raw))
        return "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row if cell.value is not None)
    if path.name == "payloads.jsonl":
        return "\n".join(json.loads(line)["text"] for line in raw.splitlines())
    return "" if path.suffix == ".pdf" else raw.decode("utf-8", "replace")
