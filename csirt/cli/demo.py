"""`csirt demo`: plays the main job on the sample city, through the REST API, each person as their own account."""

import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.cli import demo_end, demo_law
from csirt.cli.cast import Cast, answer_of, call_of
from csirt.cli.children import (
    Children,
    free_port,
    is_free,
    only_one,
    prefect_child,
    signer_child,
    web_child,
    worker_child,
)
from csirt.cli.opening import settings_of
from csirt.era import at_in_era
from csirt.errors import Forbidden, Unavailable
from csirt.logs import configure
from csirt.model.incident import IncidentType
from csirt.model.people import Actor
from csirt.response import access

LOCAL = Actor("local", "local")
PATIENCE = 180.0  # seconds after which the main job gives up waiting for one thing
_SCRIPT = founding.SAMPLE_CITY.parent


@dataclass
class Play:
    """The main job. Every act looks first whether it was done already, so that a cut-short play goes on."""

    desk: Desk
    cast: Cast
    children: Children
    out: Console
    script: dict[str, Any] = field(default_factory=lambda: tomllib.loads((_SCRIPT / "script.toml").read_text()))
    waits: list[float] = field(default_factory=list)  # seconds from an answer to the next open step
    answered_at: float | None = None

    def say(self, ja: str, en: str) -> None:
        """One line about what happens."""
        self.out.print(f"  {ja}\n    [dim]{en}[/dim]")

    def until(self, what: str, question: Callable[[], Any]) -> Any:
        """Ask until the answer is true; gives up with `Unavailable` after a while."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := question():
                return found
            time.sleep(0.05)
        raise Unavailable("main_job_stuck", waiting_for=what)

    def wall_clock(self) -> str:
        """What a clock on the wall in Japan shows."""
        return at_in_era(self.desk.clock.now())

    def perform(self) -> str:
        """Play everything; returns the id of the ransomware incident, closed."""
        self.until("web", self.cast.is_there)
        self.send_detections()
        incident = self.until("incident", lambda: self.find(IncidentType.RANSOMWARE))
        self.say(f"検知12件が1つの案件になりました: {incident['number']}", "Twelve records became one incident.")
        false_alarm = self.report_by_phone()
        self.until("false alarm closed", lambda: self.false_alarm(false_alarm))
        self.until("closed", lambda: self.go_on(incident["id"]))
        self.cast.leave()
        return str(incident["id"])

    def find(self, type_: IncidentType) -> Any:
        """The play's incident of this type, as the API tells it; none before it was opened."""
        found = demo_end.own_cases(self).get(type_)
        return self.cast.get("k.sato", f"/incidents/{found.id}") if found else None

    def send_detections(self) -> None:
        """Both sensors send their file; the same key again changes nothing."""
        for name, file in self.script["sensors"].items():
            token = self.token(name)
            counts = self.cast.send(token, (_SCRIPT / "detections" / file).read_bytes(), f"main-job-{name}")
            self.say(f"検知元 {name}: {counts}", f"Sensor {name} sent {counts['records']} records.")

    def token(self, name: str) -> str:
        """The sensor's token, issued on first use and kept with the other secrets."""
        path = self.desk.settings.keys / f"sensor-{name}.token"
        if not path.exists():
            self.desk.commit(LOCAL, access.revoke_if_any, name)
            part = path.with_suffix(".part")
            part.touch(mode=0o600)
            part.write_text(self.desk.commit(LOCAL, access.issue_token, name))
            part.replace(path)  # cut short before, another token is issued
        return path.read_text()

    def report_by_phone(self) -> str:
        """The officer opens a second incident from a telephone report."""
        report = dict(self.script["phone_report"])
        made = self.cast.post(report.pop("as"), "/incidents", report, key="main-job-phone")
        self.say(f"電話の報告で起票しました: {made['number']}", "An incident was opened from a telephone report.")
        return str(made["id"])

    def false_alarm(self, incident: str) -> bool:
        """Close the second one as a false alarm, with its reason."""
        part = self.script["false_alarm"]
        for task in self.cast.get(part["as"], f"/assignments?incident={incident}"):
            if task["step"] == part["step"]:
                body = {"choice": part["choice"], "reason": part["reason"]}
                self.cast.post(part["as"], f"/assignments/{task['id']}/answer", body)
                self.say("誤報として閉じます。", "It is closed as a false alarm, with the reason.")
        return bool(self.cast.get(part["as"], f"/incidents/{incident}")["status"] == "closed")

    def go_on(self, incident: str) -> bool:
        """Do whatever is open in the ransomware incident; true once it is closed."""
        state = self.cast.get("k.sato", f"/incidents/{incident}")
        if state["status"] == "closed":
            return True
        for task in self.cast.get("k.sato", f"/assignments?incident={incident}"):
            if self.answered_at is not None and task["kind"] != "call":
                self.waits.append(time.monotonic() - self.answered_at)
                self.answered_at = None
            self.act(incident, task)
        return False

    def act(self, incident: str, task: dict[str, Any]) -> None:
        """One person does their part of one open assignment."""
        if task["kind"] == "call":
            self.fill_call_sheet(task)
            return
        part = next((part for part in self.script["answer"] if part["step"] == task["step"]), None)
        if part is None or not self.somebody_knows(incident, task):
            return
        demo_law.before_answering(self, incident, task["step"])
        if measure := part.get("measure"):
            self.add_measure(incident, part["as"], measure)
        if task["step"] == self.script["worker_away"]["step"]:
            self.while_worker_is_away(task, part)
        else:
            self.answer(task, part)
        if step := part.get("four_eyes"):
            self.try_to_approve_oneself(incident, part["as"], step)

    def answer(self, task: dict[str, Any], part: dict[str, Any]) -> None:
        """Answer as the script says."""
        self.cast.post(part["as"], f"/assignments/{task['id']}/answer", answer_of(part, self.wall_clock()))
        self.answered_at = time.monotonic()
        self.say(f"{task['title']} → {part['as']}: {part['reason']}", f"{task['step']} answered by {part['as']}.")

    def somebody_knows(self, incident: str, task: dict[str, Any]) -> bool:
        """The point of contact stays silent until the chain has climbed to the deputy, who acknowledges."""
        deputy = self.script["climb"]["deputy"]
        for climb in self.cast.get(deputy, f"/incidents/{incident}/escalations"):
            if climb["step"] != task["step"]:
                continue
            if all(route["state"] != "climbing" for route in climb["routes"]):
                return True
            try:
                self.cast.post(deputy, f"/escalations/{climb['id']}/acknowledge", {})
            except Forbidden:
                return False  # not called yet: the chain is still below the deputy
            self.say("代理者が確認しました。", "The deputy acknowledged; the chain stops climbing.")
            return False
        return True  # a step that calls nobody

    def fill_call_sheet(self, task: dict[str, Any]) -> None:
        """A member of staff phones and writes down who was reached and what was read back."""
        sheet = self.script["call_sheet"]
        call = self.cast.get(sheet["as"], f"/assignments/{task['id']}")["call"]
        if not call or not call["party"].startswith("office:"):
            return  # people of the city hall acknowledge by themselves
        self.cast.post(sheet["as"], f"/assignments/{task['id']}/answer", call_of(sheet, self.wall_clock()))
        self.say(f"電話連絡票を記録しました: {call['name']}", f"A call to {call['party']} was recorded.")

    def add_measure(self, incident: str, uid: str, measure: dict[str, Any]) -> None:
        """A measure with owner and due date, once."""
        if self.cast.get(uid, f"/incidents/{incident}/measures"):
            return
        due = demo_end.day_in(self.desk.clock.now(), measure["days"])
        body = {"text": measure["text"], "owner": measure["owner"], "due": due}
        self.cast.post(uid, f"/incidents/{incident}/measures", body)
        self.say(f"再発防止策: {measure['text']}（期限 {due}）", "A measure with owner and due date is on the list.")

    def try_to_approve_oneself(self, incident: str, uid: str, step: str) -> None:
        """Whoever proposed it may not approve it; the refusal is part of the show."""
        task = self.until(step, lambda: self.open_step(incident, step))
        try:
            self.cast.post(uid, f"/assignments/{task['id']}/answer", {"choice": "approve", "reason": ""})
        except Forbidden as error:
            self.say(f"{uid} は自分の提案を承認できません（{error.code}）。", "The proposer may not approve.")

    def open_step(self, incident: str, step: str) -> Any:
        """The open assignment of a step."""
        tasks = self.cast.get("k.sato", f"/assignments?incident={incident}")
        return next((task for task in tasks if task["step"] == step), None)

    def while_worker_is_away(self, task: dict[str, Any], part: dict[str, Any]) -> None:
        """The waiting playbook is in no process: the worker ends, the answer is given, another worker goes on."""
        self.children.pause("worker")
        self.say("worker を止めました。案件は待ち続けます。", "The worker is gone; the incident goes on waiting.")
        self.answer(task, part)
        self.answered_at = None
        self.children.resume("worker")
        self.say("worker を再び起動しました。", "Another worker takes over.")


def demo(
    data: Annotated[Path | None, typer.Option(help="Data folder. データの場所")] = None,
    once: Annotated[bool, typer.Option(help="End after the main job. 終わったら止める")] = False,
) -> None:
    """Play the main job on the sample city, then serve its page. 見本の市で一連の対応を実演する"""
    settings = settings_of(data)
    folder = settings.data
    if not founding.is_founded(folder):
        founding.found(folder, founding.SAMPLE_CITY, for_play=True)
    if once or not is_free(settings.host, settings.port):
        settings = settings.model_copy(update={"port": free_port()})
    port = settings.port
    configure("demo")
    out = Console() if Console().is_terminal else Console(width=140)  # a pipe has no width of its own
    with only_one(folder):
        desk = wire(settings, "cli")
        children = Children(folder)
        children.add(signer_child(folder))  # ended last, so that its last checkpoint covers what the others wrote
        for child in (prefect_child(folder), web_child(folder, port), worker_child(folder, port)):
            children.add(child)
        children.start()
        try:
            play = Play(desk, Cast(f"http://{settings.host}:{port}"), children, out)
            sound = demo_end.run_or_serve(play, once=once)
        finally:
            children.stop()
            desk.close()
    raise typer.Exit(0 if sound else 70)
