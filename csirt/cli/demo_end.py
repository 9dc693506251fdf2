"""How the main job ends: what is printed, written and checked, and how the page goes on being served."""

import signal
import threading
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from csirt import founding
from csirt.cli import demo_law
from csirt.cli.cast import password_of
from csirt.clock import JST
from csirt.documents import timeline_document
from csirt.model.incident import IncidentStatus, IncidentType, IncidentView
from csirt.model.people import Roster
from csirt.reports.timeline import timeline_pdf
from csirt.reports.timeline_xlsx import timeline_xlsx
from csirt.response import audit, tail
from csirt.store.queries import cases
from csirt.texts.catalogs import catalog

if TYPE_CHECKING:
    from csirt.cli.demo import Play

_ALL = 1_000_000  # incidents
SHOWN = (
    "k.sato", "y.tanaka", "m.takahashi", "s.watanabe", "t.nakamura", "a.kobayashi", "r.kato", "d.yoshida", "f.yamada",
    "o.sasaki",
)  # fmt: skip


def day_in(now: datetime, days: int) -> str:
    """The day in Japan so many days from now."""
    return (now.astimezone(JST) + timedelta(days=days)).date().isoformat()


def own_cases(play: "Play") -> dict[IncidentType, IncidentView]:
    """The first incident of each type is the play's. What people open later is theirs, and nobody answers there."""
    return {case.type: case for case in play.desk.look(partial(cases.incidents, limit=_ALL))}  # the newest come first


def finished(play: "Play") -> str | None:
    """The closed ransomware incident of a play that came to its end."""
    own = own_cases(play)
    both = [own.get(IncidentType.RANSOMWARE), own.get(IncidentType(play.script["phone_report"]["type"]))]
    closed = [case.id for case in both if case and case.status is IncidentStatus.CLOSED]
    return closed[0] if len(closed) == len(both) else None


def run_or_serve(play: "Play", *, once: bool) -> bool:
    """Play if the folder is ours to play in and the job is not done; then serve unless `once`. True if all is well."""
    sound = True
    if not founding.is_for_play(play.desk.settings.data):
        play.say(
            "実在の市のデータです。実演はせず、画面だけを表示します。", "A real city: only served, never played in."
        )
    else:
        incident = finished(play)
        if incident:
            play.say(
                "実演は終わっています。新しい案件は開きません。", "The main job is finished; nothing new is opened."
            )
        else:
            incident = play.perform()
        sound = report(play, incident)
    if not once:
        serve_until_told(play)
    return sound


def report(play: "Play", incident: str) -> bool:
    """Print timeline and duties, write the documents, verify the record, compare the log. True if everything fits."""
    folder = play.desk.settings.data / "documents"
    folder.mkdir(mode=0o700, exist_ok=True)
    document = timeline_document(play.desk, incident, "ja")
    table = Table(title=f"{document.number_text} {document.title}")
    for heading in ("seq", "日時", "記録", "者", "内容"):
        table.add_column(heading, overflow="fold")
    for line in document.lines:
        table.add_row(str(line.seq), f"{line.at.astimezone(JST):%m-%d %H:%M:%S}", line.kind_text, line.actor, line.text)
    play.out.print(table)
    demo_law.print_duties(play, incident)
    _write(folder / f"timeline-{incident}.pdf", timeline_pdf(document))
    _write(folder / f"timeline-{incident}.xlsx", timeline_xlsx(document))
    play.say(f"PDFとExcelを書きました: {folder}", "The timeline was written as PDF and XLSX.")
    return _check(play)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _check(play: "Play") -> bool:
    found = play.desk.look(audit.verify)
    if not found.ok:
        play.say(f"記録の検証に失敗: {found.first_bad} {found.why}", "The record does not verify.")
        return False
    play.say(f"記録の検証に合格: {found.size}件", f"The record verifies: {found.size} entries, root {found.root}.")
    log = play.desk.settings.data / "record.log.jsonl"
    play.until("log", lambda: play.desk.look(tail.cursor) >= found.size - 1)
    lines = sum(1 for line in log.read_bytes().splitlines() if line)
    play.say(f"構造化ログ {lines}行: {log}", "The same entries lie in the structured log as JSON lines.")
    if play.waits:
        waits = sorted(play.waits)
        play.say(
            f"回答から次の手順まで 中央値 {waits[len(waits) // 2]:.2f}秒 最大 {waits[-1]:.2f}秒",
            "Seconds from an answer to the next open step (median, longest).",
        )
    return lines >= found.size


def accounts(known: Roster) -> list[tuple[str, str, str]]:
    """Account, password, and the roles and posts by which pages call them: whoever a step waits for is found here."""
    by_uid, words = {person.uid: person for person in known.people.values()}, catalog("ja")
    found = []
    for uid in SHOWN:
        roles = [words.gettext(f"role.{role}") for role in sorted(by_uid[uid].roles)]
        posts = [known.posts[post].name_ja for post in known.held_by(by_uid[uid].id)]
        found.append((uid, password_of(uid), "、".join(dict.fromkeys([*roles, *posts]))))
    return found


def serve_until_told(play: "Play") -> None:
    """Say where the page is and who may sign in, and stay until Ctrl-C or SIGTERM."""
    play.until("web", play.cast.is_there)
    play.out.print(f"\n  画面 / page: [bold]{play.cast.base_url}/[/bold]")
    if founding.is_for_play(play.desk.settings.data):
        table = Table(
            "ID", "パスワード / password", "役割・職 / role, post held", title="見本の利用者 / sample accounts"
        )
        for row in accounts(Roster(play.desk.directory.people(), play.desk.directory.posts())):
            table.add_row(*row)
        play.out.print(table)
    play.out.print("  Ctrl-C で終わります。 Ctrl-C ends it.")
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()
