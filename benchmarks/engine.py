"""How quickly the engine goes on, what a waiting case costs, and how that compares with stock Prefect.

    .venv/bin/python -m benchmarks.engine [--database sqlite] [--parts abcdefs] [--waiting 0 1000 5000]

Parts: a answer to the next open step with many runs waiting, and 20 answers in one instant; b incidents opened until
their first human step; c opening an incident durably; d cold start and idle memory; e idle cost of waiting runs;
f replay of 200 recorded steps; s stock Prefect doing the same suspend and resume. One JSON object a line. Every part
stands on real processes: web page, worker, Prefect's server; PostgreSQL with fsync on.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from sqlalchemy import func
from sqlmodel import col, select

from benchmarks.stand import (
    Stand,
    answers,
    cpu_seconds,
    fsync_rate,
    memory_mb,
    memory_mb_alone,
    name_of,
    show,
    spread,
    stand,
    tree_of,
    until,
)
from csirt.cli.cast import Cast
from csirt.cli.children import prefect_client_environment
from csirt.model.incident import IncidentType
from csirt.model.people import SYSTEM
from csirt.playbook import Disposition, Responder, Role, playbook
from csirt.playbook.performance import perform
from csirt.response import assignments, escalations, incidents, pools, runs
from csirt.response.assignments import Reply
from csirt.response.incidents import Report
from csirt.store.queries import work
from csirt.store.tables.runs import AssignmentRow, RunRow

FIRST, SECOND = "is_it_an_incident", "propose_level"
REPLAYED = 200
LOOK = 0.005  # seconds between two looks whether a step has opened
SETTLE = 8  # seconds after a start before idle figures are taken


def open_incident(at: Stand) -> str:
    """An officer opens an incident; returns its id once that is durable."""
    report = Report(title="計測", type=IncidentType.RANSOMWARE)
    return at.desk.commit(at.person("k.sato"), incidents.open_by_report, report)


def standing(at: Stand, incident: str, step: str) -> str | None:
    """The assignment of a step that stands open."""
    found = at.desk.look(work.assignments, incident=incident)
    return next((view.id for view in found if view.step == step), None)


def how_many_stand(at: Stand, incidents: Sequence[str], step: str) -> int:
    """In how many of these incidents a step stands open; a light question, since whoever measures takes CPU, too."""
    open_now = col(AssignmentRow.closed_at).is_(None), col(AssignmentRow.incident).in_(incidents)
    with at.desk.read() as session:
        query = select(func.count()).select_from(AssignmentRow).where(AssignmentRow.step == step, *open_now)
        return session.exec(query).one()


def run_of(at: Stand, incident: str) -> str:
    """The id of an incident's run."""
    with at.desk.read() as session:
        return session.exec(select(RunRow.id).where(RunRow.incident == incident)).one()


def fill(at: Stand, count: int, pool: str = "") -> None:
    """Let `count` runs wait for their first answer, each with its flow run in Prefect, without waiting for Prefect.

    Whom the first question called has seen it: nothing is due any more, as with a case that waits for weeks.
    `pool`: the work pool of Prefect that they belong to; empty: they are driven on one machine.
    """
    ids = [open_incident(at) for _ in range(count)]
    while pool and at.desk.commit(SYSTEM, pools.take_over, pool, set()):
        pass
    while held := next(iter(at.desk.commit(SYSTEM, runs.claim_some, 1, pool=pool)), None):
        perform(at.desk.playbooks[held.playbook, held.version], at.desk.door, held, at.desk.hands)
    for incident in ids:
        for call in at.desk.look(work.escalations, incident=incident):
            at.desk.commit(at.person("s.watanabe"), escalations.acknowledge, call.id)
    name, secret = (at.data / "run" / "prefect.secret").read_text().split(":", 1)
    with httpx.Client(base_url=at.desk.prefect_url(), auth=(name, secret), timeout=30) as client:
        flow = client.post("/flows/", json={"name": "ransomware"}).json()["id"]
        given: dict[str, str] = {}
        if pool:
            client.post("/work_pools/", json={"name": pool, "type": "csirt"})
            given = {"work_pool_name": pool}

        def shown(incident: str) -> None:
            # As the worker would have shown it: else its comparison would put all of them right while we measure.
            state = {"type": "PAUSED", "name": f"Waiting: {FIRST}", "message": "a recorded fact will go on with it"}
            body = {
                "flow_id": flow, "name": incident, "parameters": {"incident": incident}, "state": state,
                "tags": ["csirt"], "idempotency_key": f"incident:{incident}", **given,
            }  # fmt: skip
            # On SQLite Prefect answers 503 now and then.
            made = until(lambda: client.post("/flow_runs/", json=body).json().get("id"), 60, 0.1)
            at.desk.commit(SYSTEM, runs.shown_by, run_of(at, incident), made)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(shown, ids))


def answered(at: Stand, incident: str) -> float:
    """Answer the first step; seconds from the committed answer until the next step stands open."""
    assignment = standing(at, incident, FIRST)
    assert assignment
    at.desk.commit(at.person("k.sato"), assignments.answer, assignment, Reply("yes", "計測", {}))
    began = time.monotonic()
    until(lambda: how_many_stand(at, [incident], SECOND), 120, LOOK)
    return time.monotonic() - began


def ready(at: Stand, count: int) -> list[str]:
    """Incidents whose first step the worker has opened."""
    made = [open_incident(at) for _ in range(count)]
    for incident in made:
        until(lambda incident=incident: standing(at, incident, FIRST), 300, 0.05)  # type: ignore[misc]
    return made


def all_at_once(at: Stand, incidents: Sequence[str]) -> float:
    """Answer the first step of all these in one instant; returns when that was."""
    asked = [standing(at, incident, FIRST) for incident in incidents]
    gate = threading.Barrier(len(asked))

    def answer(assignment: str | None) -> float:
        assert assignment
        gate.wait()
        began = time.monotonic()
        at.desk.commit(at.person("k.sato"), assignments.answer, assignment, Reply("yes", "計測", {}))
        return began

    with ThreadPoolExecutor(len(asked)) as threads:
        return min(threads.map(answer, asked))


def going_on(database: str, waiting: Sequence[int], times: int) -> None:
    """Part a, for each number of waiting runs."""
    for count in waiting:
        going_on_beside(database, count, times)


def going_on_beside(database: str, waiting: int, times: int) -> None:
    """Part a beside so many waiting runs: answers one by one, then 20 in one instant."""
    with stand(database) as at:
        at.start("prefect")
        fill(at, waiting)
        at.start("worker")
        one_by_one = [answered(at, incident) for incident in ready(at, times)]
        together = ready(at, 20)
        began = all_at_once(at, together)
        until(lambda: how_many_stand(at, together, SECOND) == len(together), 120, LOOK)
        burst = time.monotonic() - began
        show(
            part="a", database=database, waiting=waiting, answer_to_next_step=spread(one_by_one),
            last_of_20_at_once_s=round(burst, 2), load=os.getloadavg()[0],
        )  # fmt: skip


def opening_until_first_step(database: str, count: int = 60) -> None:
    """Part b: all opened at once, until each has its first human step; with Prefect and, beside it, without."""
    for prefect in (True, False):
        with stand(database) as at:
            at.start(*(("prefect", "worker") if prefect else ("worker",)))
            ready(at, 2)
            began = time.monotonic()
            made = [open_incident(at) for _ in range(count)]
            opened = time.monotonic() - began
            for incident in made:
                until(lambda incident=incident: standing(at, incident, FIRST), 300, 0.02)  # type: ignore[misc]
            took = time.monotonic() - began
            show(
                part="b", database=database, prefect=prefect, incidents_per_s=round(count / took, 1),
                opened_per_s=round(count / opened, 1), load=os.getloadavg()[0],
            )  # fmt: skip


def opening_durably(database: str, count: int = 200) -> None:
    """Part c: through the REST API, by one client and by eight, the worker and Prefect at rest."""
    with stand(database) as at:
        at.start("web")
        cast = Cast(f"http://127.0.0.1:{at.port}")
        body = {"title": "計測", "type": "ransomware"}

        def once(_number: int = 0) -> float:
            began = time.monotonic()
            cast.post("k.sato", "/incidents", body)
            return time.monotonic() - began

        once()
        alone = [once() for _ in range(count)]
        began = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(once, range(count)))
        together = time.monotonic() - began
        show(
            part="c", database=database, one_client=spread(alone), eight_clients_per_s=round(count / together, 1),
            fsyncs_per_s=fsync_rate(at.folder), load=os.getloadavg()[0],
        )  # fmt: skip


def cold_start(database: str, times: int = 3) -> None:
    """Part d: from `csirt serve` on an existing folder until page and REST answer; then the memory of all, at rest."""
    with stand(database) as at:
        page_url, command = f"http://127.0.0.1:{at.port}", [sys.executable, "-m", "csirt.cli.main", "serve"]
        page, rest, prefect = list[float](), list[float](), list[float]()
        each: dict[str, float] = {}
        for _ in range(times + 1):  # the first one makes Prefect's database
            began = time.monotonic()
            process = subprocess.Popen(
                [*command, "--data", str(at.data), "--port", str(at.port)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            until(lambda: answers(f"{page_url}/sign-in"), 60, 0.01)
            page.append(time.monotonic() - began)
            until(Cast(page_url).is_there, 60, 0.01)
            rest.append(time.monotonic() - began)
            until(lambda: answers(f"{at.desk.prefect_url()}/health"), 90, 0.05)
            prefect.append(time.monotonic() - began)
            time.sleep(SETTLE)
            each = {name_of(pid): memory_mb_alone(pid) for pid in tree_of(process.pid)}
            process.terminate()
            process.wait(30)
        show(
            part="d", database=database, page=spread(page[1:]), rest=spread(rest[1:]), prefect=spread(prefect[1:]),
            memory_pss_mb=each, sum_mb=round(sum(each.values()), 1), load=os.getloadavg()[0],
        )  # fmt: skip


def waiting_at_rest(database: str, waiting: int, seconds: int = 30) -> None:
    """Part e: CPU and memory of every process while `waiting` runs wait and nothing happens."""
    with stand(database) as at:
        at.start("prefect")
        fill(at, waiting)
        at.start("worker", "web")
        time.sleep(SETTLE)
        names = ("web", "worker", "prefect")
        before = {name: cpu_seconds(at.pid(name)) for name in names}
        time.sleep(seconds)
        cpu = {name: round((cpu_seconds(at.pid(name)) - before[name]) / seconds * 100, 1) for name in names}
        memory = {name: memory_mb(at.pid(name)) for name in names}
        show(
            part="e", database=database, waiting=waiting, cpu_percent_of_a_core=cpu, memory_pss_mb=memory,
            cpu_sum=round(sum(cpu.values()), 1), load=os.getloadavg()[0],
        )  # fmt: skip


@playbook(handles="drill", version=1)
def long_case(respond: Responder) -> Disposition | None:
    """As many questions as a long case has steps, asked side by side and then replayed."""
    respond.for_each([f"n{number}" for number in range(REPLAYED)], ask_once)
    respond.ask("last", who=Role.OFFICER)
    return None


def ask_once(respond: Responder, _item: str) -> None:
    """One step of the long case."""
    respond.ask("step", who=Role.OFFICER)


def replay(database: str, times: int = 20) -> None:
    """Part f: a pass over a run with 200 recorded steps that finds nothing to do, without Prefect."""
    with stand(database) as at:
        object.__setattr__(at.desk, "playbooks", {**at.desk.playbooks, ("long_case", 1): long_case})
        object.__setattr__(
            at.desk.door.city, "playbooks", {**at.desk.door.city.playbooks, IncidentType.DRILL: ("long_case", 1)}
        )
        report = Report(title="計測", type=IncidentType.DRILL)
        incident = at.desk.commit(at.person("k.sato"), incidents.open_by_report, report)

        def once() -> float:
            held = at.desk.commit(SYSTEM, runs.claim)
            assert held
            began = time.monotonic()
            perform(long_case, at.desk.door, held, at.desk.hands)
            return time.monotonic() - began

        once()
        for view in at.desk.look(work.assignments, incident=incident, limit=REPLAYED):
            at.desk.commit(at.person("k.sato"), assignments.answer, view.id, Reply("yes", "計測", {}))
        once()
        run = run_of(at, incident)

        def again() -> float:
            at.desk.commit(SYSTEM, lambda tx: tx.wake(run))
            return once()

        show(part="f", database=database, recorded_steps=REPLAYED, replay=spread([again() for _ in range(times)]))


def stock(database: str, times: int = 4) -> None:
    """Part s: the same suspend and resume by Prefect's `serve()` and by its process worker, as they come."""
    with stand(database) as at:
        at.start("prefect")
        environment = {**os.environ, **prefect_client_environment(at.data, at.desk.prefect_url())}
        script = str(Path(__file__).with_name("stock_prefect.py"))
        python = [sys.executable]
        prefect = [*python, "-m", "prefect"]

        def run(command: list[str]) -> None:
            subprocess.run(command, env=environment, check=True, capture_output=True)

        for name in ("serve", "process worker"):
            marks = at.folder / f"{name}.marks"
            marks.touch()
            if name == "serve":
                command = [*python, script, "serve", str(marks)]
            else:
                run([*prefect, "work-pool", "create", "stock", "--type", "process"])
                run([*python, script, "deploy", str(marks), "stock"])
                command = [*prefect, "worker", "start", "--pool", "stock", "--type", "process"]
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                figures = [_resumed(at, marks) for _ in range(times)]
            finally:
                process.terminate()
                process.wait(30)
            show(
                part="s", database=database, by=name, resume_to_next_line_s=round(statistics.median(figures), 2),
                all_s=[round(one, 2) for one in figures], load=os.getloadavg()[0],
            )  # fmt: skip


def _resumed(at: Stand, marks: Path) -> float:
    """One stock run: created, suspended, resumed; seconds from the resume until its next line ran."""
    name, secret = (at.data / "run" / "prefect.secret").read_text().split(":", 1)
    with httpx.Client(base_url=at.desk.prefect_url(), auth=(name, secret), timeout=30) as client:

        def deployment() -> str | None:
            found = client.post("/deployments/filter", json={"sort": "CREATED_DESC"}).json()
            return found[0]["id"] if found else None

        run = client.post(f"/deployments/{until(deployment, 60, 0.2)}/create_flow_run", json={}).json()["id"]

        def state() -> bool:
            return bool(client.get(f"/flow_runs/{run}").json()["state_name"] == "Suspended")

        until(state, 120, 0.05)
        began = time.monotonic()
        client.post(f"/flow_runs/{run}/resume", json={}).raise_for_status()

        def went_on() -> float | None:
            words = [line.split() for line in marks.read_text().splitlines()]
            return next((float(at_) for id_, what, at_ in words if id_ == run and what == "went_on"), None)

        ended: float = until(went_on, 120, 0.02)
        return ended - began


def main() -> None:
    """Run the parts asked for, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--parts", default="abcdefs")
    parser.add_argument("--waiting", type=int, nargs="+", default=[0, 1000, 5000])
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    parts: dict[str, Callable[[str], None]] = {
        "a": lambda database: going_on(database, options.waiting, options.times),
        "b": opening_until_first_step,
        "c": opening_durably,
        "d": cold_start,
        "e": lambda database: waiting_at_rest(database, max(options.waiting)),
        "f": replay,
        "s": stock,
    }
    for database in options.database:
        for part in options.parts:
            parts[part](database)


if __name__ == "__main__":
    main()
