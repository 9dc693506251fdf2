"""Pages of a full city: are board, incident and search as quick with a year's worth of data as with none?

    .venv/bin/python benchmarks/pages.py [--postgres] [--incidents 10000] [--detections 1000000] [--entries 1000000]
                                         [--rounds 60] [--browser] [--folder FOLDER [--url URL]] [--fill-only]

Fills the sample city by plain statements (entries are really chained, texts really sealed, words really indexed): of
the incidents one in twenty is open, and one has 10,000 entries. Then asks the real web process, one client, warm.
Prints one JSON object; exits 1 if a goal is missed. Sizes are of the page, and as gzip would send it; `cpu_ms` is what
the web process worked for a request (a database server's part is not in it), which a busy machine changes little.
`--folder` keeps what was filled, and a second run only measures it: filling may then happen on a busy machine,
measuring on a quiet one. `--url` does so with a PostgreSQL database of one's own, empty at first.
"""

import argparse
import contextlib
import gc
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert

from benchmarks.stand import spread
from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.response import people
from csirt.settings import Settings
from csirt.store import search
from csirt.store.columns import table_of
from csirt.store.ledger import EntryDraft, append, stamp
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.intake import BatchRow, DetectionRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx
from csirt.web.serve import run_web
from tests.chromium import chromium
from tests.postgres import running_server

T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
GOALS = {"board": 35.0, "incident": 60.0, "incident_older": 60.0, "search_rare": 60.0, "search_common": 60.0}
GOALS |= dict.fromkeys(("search_phrase", "search_title", "search_none"), 60.0)
OTHERS_MOST = 200.0  # for any other page or list
LONG = 10_000  # entries of the longest incident
GZIP_MOST, ASSETS_MOST, SHOWN_MOST = 100_000, 60_000, 0.4
CHUNK, OTHER_ROUNDS = 5_000, 10
PAGES = {
    "board": "/", "board_all_last": "/?list=all&page=400", "incident": "/incidents/i-000000000000",
    "incident_older": f"/incidents/i-000000000000?before={LONG // 2}", "assignments": "/assignments",
    "search_rare": "/search?q=紛失した 9983", "search_common": "/search?q=lockbit",
    "search_phrase": "/search?q=不正な通信", "search_two": "/search?q=lockbit lookup", "search_title": "/search?q=端末",
    "search_none": "/search?q=存在しない言葉", "detections": "/detections",
    "detections_state": "/detections?state=sorted", "detections_host": "/detections?host=10.7.7.7",
    "detections_far": "/detections?page=19000", "waiting": "/waiting", "audit": "/audit",
    "audit_kind": "/audit?kind=LEVEL_PROPOSED", "audit_person": "/audit?person=system",
    "audit_step": "/audit?step=is_it_an_incident", "audit_since": "/audit?since=2026-11-01",
    "audit_far": "/audit?before=500000", "audit_incident": "/audit?incident=i-000000000000",
    "statistics": "/statistics", "measures": "/measures", "assets": "/assets", "sources": "/sources",
    "playbooks": "/playbooks", "health": "/health", "duties": "/api/v1/duties",
    "facts": "/incidents/i-000000000000/facts",
    "incidents_far": "/api/v1/incidents?offset=9900", "record": "/api/v1/record?kind=LEVEL_PROPOSED",
    "timeline_csv": "/api/v1/incidents/i-000000000004/timeline.csv",
    "extract_csv": "/audit/export/csv?incident=i-000000000004",
}  # fmt: skip
TITLES = ("税務課の端末で脅迫文の画面が表示された", "不審な添付を開いた", "公開サイトが書き換えられた", "USBを紛失した")
ALERTS = ("ET MALWARE Win32/LockBit Ransomware Checkin", "ET POLICY Lookup", "不正な通信を検知しました", "Port scan")


def fill_incidents(tx: Tx, first: int, last: int) -> None:
    """Cases with sealed titles; every twentieth is open, with a step that waits and a duty."""
    cases: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    duties: list[dict[str, Any]] = []
    docs: list[tuple[str, str, str]] = []
    for n in range(first, last):
        id_, at, title = f"i-{n:012}", T0 - timedelta(minutes=47 * n), f"{TITLES[n % 4]} {n}"
        sealed = tx.record(EntryKind.INCIDENT_OPENED, incident=id_, out={"type": "outage"}, texts={"title": title})
        is_open = n % 20 == 0
        cases.append(
            {"id": id_, "fiscal_year": 2026, "ordinal": n + 1, "drill": False, "type": "outage",
             "report_channel": "phone", "title_c": sealed["title"], "status": "open" if is_open else "closed",
             "level": n % 4, "proposed_level": 2,
             "received": at, "known": at, "opened_by": "system", "personal_data": "unknown"}
        )  # fmt: skip
        docs.append(("incident", id_, title))
        if is_open:
            due = T0 + timedelta(minutes=n % 5000 - 100)
            steps.append(
                {"id": f"a-{n:012}", "incident": id_, "step": "is_it_an_incident", "kind": "ask", "who": "role:officer",
                 "choices": [["yes", False]], "fields": [], "not_by": [], "showing": [], "opened_at": at, "due_at": due}
            )  # fmt: skip
            duties.append(
                {"id": f"d-{n:012}", "incident": id_, "rule": "prefecture_first_report", "edition": "2023-04-01",
                 "state": "open", "reasons": [], "uncertain": False, "due_at": due, "arose_at": at, "changed_at": at}
            )  # fmt: skip
    tx.session.execute(insert(table_of(IncidentRow)), cases)
    if steps:
        tx.session.execute(insert(table_of(AssignmentRow)), steps)
        tx.session.execute(insert(table_of(DutyRow)), duties)
    search.put(tx.session, tx.vault, docs)


def fill_detections(tx: Tx, first: int, last: int, incidents: int) -> None:
    """Detections of closed and open cases alike; the first case has many of them."""
    batch = f"b-{first:012}"
    told: dict[str, Any] = {"id": batch, "received_at": T0, "source": "suricata", "format": "suricata-eve"}
    told |= dict.fromkeys(("digest", "sealed_c"), "") | dict.fromkeys(("records", "detections"), last - first)
    told |= dict.fromkeys(("duplicates", "not_detections", "quarantined"), 0)
    tx.session.execute(insert(table_of(BatchRow)), [told])
    rows, docs = [], []
    for n in range(first, last):
        at, title = T0 - timedelta(seconds=29 * n), ALERTS[n % 4]
        host = f"10.{n % 250}.{n // 250 % 250}.7"
        rows.append(
            {"id": n + 1, "fingerprint": f"f{n}", "batch": batch, "batch_index": n - first, "format": "suricata-eve",
             "title": title, "severity_native": "1", "level": n % 4, "type": "outage", "at": at, "host": host,
             "attacked": host, "count": 1, "first_seen": at, "last_seen": at, "state": "sorted",
             "incident": f"i-{n % incidents if n % 50 else 0:012}"}
        )  # fmt: skip
        docs.append(("detection", str(n + 1), f"{title}\n{host}"))
    tx.session.execute(insert(table_of(DetectionRow)), rows)
    search.put(tx.session, tx.vault, docs)
    tx.record(EntryKind.DETECTIONS_ACCEPTED, out={"batch": batch, "records": last - first})


def fill_entries(desk: Desk, number: int, incidents: int) -> None:
    """Entries of the record, really chained; the first case gets `LONG` of them."""
    shared = stamp(desk.clock, SYSTEM, "worker", "benchmark")
    for first in range(0, number, CHUNK):
        drafts = [(shared, _draft(n, incidents)) for n in range(first, min(first + CHUNK, number))]
        with desk.door.database.writer.begin() as connection:
            append(connection, drafts)


def _draft(n: int, incidents: int) -> EntryDraft:
    case = f"i-{0 if n < LONG else n % incidents:012}"
    kind = EntryKind.STEP_OPENED if n % 2 else EntryKind.LEVEL_PROPOSED
    return EntryDraft(kind, case, step="is_it_an_incident", out={"level": 2, "by": "rule"})


def fill(desk: Desk, wanted: argparse.Namespace) -> None:
    """Everything."""
    desk.commit(SYSTEM, people.refresh, desk.directory.people(), desk.directory.posts())
    for first in range(0, wanted.incidents, 1000):
        desk.commit(SYSTEM, fill_incidents, first, min(first + 1000, wanted.incidents))
    for first in range(0, wanted.detections, CHUNK):
        desk.commit(SYSTEM, fill_detections, first, min(first + CHUNK, wanted.detections), wanted.incidents)
    fill_entries(desk, wanted.entries, wanted.incidents)
    with desk.door.database.writer.connect() as connection:
        if desk.settings.database_url:  # what PostgreSQL does by itself in the year that such a city took to fill
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
        else:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


@contextlib.contextmanager
def served(folder: Path, url: str) -> Iterator[tuple[str, int]]:
    """Address and process of the web page, which runs by itself, as the product does."""
    (folder / "run/web.url").unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.pages", "--serve", "--folder", str(folder), "--url", url]
    process = subprocess.Popen(command)
    try:
        while not (folder / "run/web.url").exists():
            if process.poll() is not None:
                raise SystemExit(f"the web page ended: {process.returncode}")
            time.sleep(0.05)
        yield (folder / "run/web.url").read_text().strip(), process.pid
    finally:
        process.terminate()
        process.wait()


def serve(folder: Path, url: str) -> None:
    """The web page with a clock that stands still; what is imported is left alone by collections, as in the product."""
    gc.freeze()
    desk = wire(Settings(data=folder, database_url=url), "web", FixedClock(T0))
    run_web(desk, "127.0.0.1", 0)
    desk.close()


def worked_by(process: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(client: httpx.Client, path: str, rounds: int, process: int) -> dict[str, Any]:
    """One page, again and again."""
    took: list[float] = []
    for _ in range(2):
        client.get(path)
    answer = client.get(path).raise_for_status()
    busy = worked_by(process)
    for _ in range(rounds):
        began = time.perf_counter()
        answer = client.get(path)
        took.append(time.perf_counter() - began)
        answer.raise_for_status()
    return {
        **spread(took),
        "cpu_ms": round((worked_by(process) - busy) / rounds * 1000, 1),
        "bytes": len(answer.content),
        "gzip": len(gzip.compress(answer.content)),
    }


def measure(address: str, process: int, rounds: int) -> dict[str, Any]:
    """Each page, asked again and again by one client."""
    found: dict[str, Any] = {}
    with httpx.Client(base_url=address, timeout=120) as client:
        client.post("/api/v1/session", json={"uid": "k.sato", "password": "k.sato-naruto"}).raise_for_status()
        for name, path in PAGES.items():
            found[name] = asked(client, path, rounds if name in GOALS else min(rounds, OTHER_ROUNDS), process)
        assets = ("vendor/design-tokens/tokens.css", "desk.css", "desk.js", "favicon.svg")
        found["assets_gzip"] = sum(len(gzip.compress(client.get(f"/static/{one}").content)) for one in assets)
    return found


def shown(address: str) -> dict[str, float]:
    """Seconds until headless Chromium has drawn the longest incident, and nodes of the page: the last of three."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/sign-in")
        page.fill("#uid", "k.sato")
        page.fill("#password", "k.sato-naruto")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        took = 0.0
        for _ in range(3):
            began = time.perf_counter()
            page.goto(f"{address}/incidents/i-000000000000", wait_until="domcontentloaded")
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            took = time.perf_counter() - began
        nodes = page.evaluate("document.getElementsByTagName('*').length")
    return {"shown_s": round(took, 3), "nodes": nodes}


def missed(found: dict[str, Any]) -> list[str]:
    """The goals that were not met."""
    late = [name for name in PAGES if found[name]["p95_ms"] > GOALS.get(name, OTHERS_MOST)]
    if found["incident"]["gzip"] > GZIP_MOST:
        late.append("incident_gzip")
    if found["assets_gzip"] > ASSETS_MOST:
        late.append("assets_gzip")
    if found.get("shown_s", 0.0) > SHOWN_MOST:
        late.append("shown_s")
    return late


def options() -> argparse.ArgumentParser:
    """What may be asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--detections", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--fill-only", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser


def stand(stack: contextlib.ExitStack, wanted: argparse.Namespace) -> tuple[Path, str]:
    """Folder and database of the desk to be measured, filled if it was new."""
    folder = wanted.folder or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data"
    url = wanted.url
    if wanted.postgres and not url:
        url = stack.enter_context(running_server(())).fresh_database()
    if not folder.exists():
        founding.found(folder, founding.SAMPLE_CITY)
        desk = wire(Settings(data=folder, database_url=url), "web", FixedClock(T0))
        fill(desk, wanted)
        desk.close()
    return folder, url


def main() -> int:
    """Fill, measure, tell."""
    wanted = options().parse_args()
    if wanted.serve:
        serve(wanted.folder, wanted.url)
        return 0
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        folder, url = stand(stack, wanted)
        found: dict[str, Any] = {"filled_s": round(time.monotonic() - began), "load": os.getloadavg()[0]}
        if not wanted.fill_only:
            address, process = stack.enter_context(served(folder, url))
            found |= measure(address, process, wanted.rounds)
            if wanted.browser:
                found |= shown(address)
    found["missed"] = [] if wanted.fill_only else missed(found)
    sys.stdout.write(json.dumps({**vars(wanted), **found}, indent=1, default=str) + "\n")
    return 1 if found["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
