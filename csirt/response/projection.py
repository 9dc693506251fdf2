"""What the tables of cases must say, folded from the entries of the record, and where they say something else.

State is a projection of the record: whoever changes a case behind the record's back, past the guards, changes a table
only. The fold takes the fields of each entry in order of `seq`; `differences` then reads the tables. Texts are compared
by their commitments, so that nothing needs to be opened.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from csirt.model.duty import DutyState
from csirt.model.incident import Disposition, IncidentStatus
from csirt.model.measure import MeasureState
from csirt.model.step import StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.store.columns import table_of
from csirt.store.tables.cases import IncidentRow, MeasureRow, NoteRow
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.evidence import EvidenceRow
from csirt.store.tables.facts import FactRow
from csirt.store.tables.runs import AssignmentRow, RunRow, StepRow

MERGED, EXPIRED = "merged", "expired"
MOST_REASONS = 20  # that a duty keeps; with as many, the record does not say whether there were more
_OPEN, _CLOSED = IncidentStatus.OPEN.value, IncidentStatus.CLOSED.value
Fields = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A table says something else than the record. `column` is empty for a row too many, or one that is missing.

    `seq` is the entry that said last how the row must be; None where no entry knows of it.
    """

    table: str
    key: str
    column: str
    code: str
    seq: int | None


@dataclass(slots=True)
class _Expected:
    """A row as the record has it; a value that the record cannot know is left out."""

    seq: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Compared:
    """A table that is compared: its key, and which of its rows come from no entry of their own."""

    table: Table
    key: tuple[str, ...]
    ours: Callable[[Fields], bool] = lambda _row: True


_TABLES = (
    _Compared(table_of(IncidentRow), ("id",)),
    _Compared(table_of(DutyRow), ("id",)),
    _Compared(table_of(MeasureRow), ("id",)),
    _Compared(table_of(NoteRow), ("id",)),
    _Compared(table_of(EvidenceRow), ("id",)),
    # The facts that an incident is opened with stand under the entry of its opening.
    _Compared(table_of(FactRow), ("incident", "name", "version"), lambda row: row["version"] > 1),
    _Compared(table_of(RunRow), ("id",)),
    _Compared(table_of(StepRow), ("run", "key")),
    # A call sheet belongs to a delivery and decides nothing of its case.
    _Compared(table_of(AssignmentRow), ("id",), lambda row: row["kind"] != StepKind.CALL.value),
)


def _sealed(entry: Fields, name: str) -> str | None:
    return next((one["c"] for one in entry.get("pay", ()) if one["name"] == name), None)


@dataclass
class Projection:
    """The fold so far."""

    tables: dict[str, dict[Key, _Expected]] = field(default_factory=lambda: {one.table.name: {} for one in _TABLES})
    asked: dict[Key, str] = field(default_factory=dict)  # run and step -> the assignment that waits for it
    of_incident: dict[str, list[str]] = field(default_factory=dict)  # incident -> its assignments
    grounds: dict[str, set[str]] = field(default_factory=dict)  # duty -> the codes of its reasons

    def apply(self, entry: Fields) -> None:
        """Take one more entry. One that does not name its row says nothing of any: then the row is one too many."""
        if act := _ACTS.get(entry["kind"]):
            with suppress(KeyError):
                act(self, entry, entry.get("out", {}))

    def put(self, table: str, key: Key, entry: Fields, **values: Any) -> None:
        """These columns of a row now have these values, by this entry."""
        row = self.tables[table].setdefault(key, _Expected(entry["seq"], {}))
        row.seq = entry["seq"]
        row.values |= values

    # -------------------------------------------------------------------------------------------------------- compare

    def differences(self, connection: Connection) -> Iterator[Difference]:
        """Where the tables, as this connection sees them, say something else; none is the normal case."""
        for one in _TABLES:
            yield from _differences(one, self.tables[one.table.name], connection)


# ------------------------------------------------------------------------------------------------------------ incidents


def _incident_opened(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put(
        "incident", (entry["inc"],), entry, type=out["type"], proposed_level=out["level"], level=None,
        fiscal_year=out["year"], ordinal=out["ordinal"], drill=out.get("drill", False), status=_OPEN,
        disposition=None, merged_into=None, closed_at=None, opened_by=entry["actor"]["id"],
        received=datetime.fromisoformat(entry["ts"]), title_c=_sealed(entry, "title"), closing_c=None,
    )  # fmt: skip


def _level_proposed(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("incident", (entry["inc"],), entry, proposed_level=out["level"])


def _level_set(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("incident", (entry["inc"],), entry, level=out["level"])


def _type_set(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("incident", (entry["inc"],), entry, type=out["type"])


def _incident_closed(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put(
        "incident", (entry["inc"],), entry, status=_CLOSED, disposition=out["disposition"],
        closed_at=datetime.fromisoformat(entry["ts"]), closing_c=_sealed(entry, "because"),
    )  # fmt: skip


def _merged(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put(
        "incident", (entry["inc"],), entry, status=_CLOSED, disposition=Disposition.DUPLICATE.value,
        merged_into=out["into"], closed_at=datetime.fromisoformat(entry["ts"]),
    )  # fmt: skip
    for asked in fold.of_incident.get(entry["inc"], ()):
        if fold.tables["assignment"][asked,].values["choice"] is None:
            fold.put("assignment", (asked,), entry, choice=MERGED)


def _unmerged(fold: Projection, entry: Fields, _out: Fields) -> None:
    fold.put("incident", (entry["inc"],), entry, status=_OPEN, disposition=None, merged_into=None, closed_at=None)
    for asked in fold.of_incident.get(entry["inc"], ()):
        if fold.tables["assignment"][asked,].values["choice"] == MERGED:
            fold.put("assignment", (asked,), entry, choice=None)


# ------------------------------------------------------------------------------------ duties, measures, notes, evidence


def _duty_arose(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.grounds[out["duty"]] = set(out["reasons"])
    fold.put(
        "duty", (out["duty"],), entry, incident=entry["inc"], rule=out["rule"], edition=out["edition"],
        state=DutyState.OPEN.value, last_day=out.get("due"), uncertain=out["uncertain"],
    )  # fmt: skip


def _duty_changed(fold: Projection, entry: Fields, out: Fields) -> None:
    before, now = fold.grounds.get(out["duty"], set()), set(out["reasons"])
    fold.grounds[out["duty"]] = now
    said = {"edition": out["edition"], "last_day": out.get("due"), "uncertain": out["uncertain"]}
    row = fold.tables["duty"].get((out["duty"],))
    if row and row.values.get("state") == DutyState.WAIVED.value:
        if len(now) >= MOST_REASONS:
            row.values.pop("state")
        elif not now <= before:
            said["state"] = DutyState.OPEN.value
    fold.put("duty", (out["duty"],), entry, **said)


def _duty_ended(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("duty", (out["duty"],), entry, state=_DUTY_ENDS[entry["kind"]])


def _measure_added(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put(
        "measure", (out["measure"],), entry, incident=entry["inc"], owner=out["owner"], due=out["due"],
        state=MeasureState.OPEN.value, text_c=_sealed(entry, "text"),
    )  # fmt: skip


def _measure_ended(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("measure", (out["measure"],), entry, state=out["state"])


def _measure_changed(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("measure", (out["measure"],), entry, owner=out["owner"], due=out["due"])


def _measure_checked(fold: Projection, entry: Fields, out: Fields) -> None:
    state = MeasureState.CHECKED if out["effective"] else MeasureState.OPEN
    fold.put("measure", (out["measure"],), entry, state=state.value)


def _note_added(fold: Projection, entry: Fields, out: Fields) -> None:
    text_c = _sealed(entry, "text")
    fold.put("note", (out["note"],), entry, incident=entry["inc"], text_c=text_c, by=entry["actor"]["id"])


def _evidence_collected(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put(
        "evidence", (out["evidence"],), entry, incident=entry["inc"], size=out["size"], address=out["address"],
        name_c=_sealed(entry, "name"), sha256_c=_sealed(entry, "sha256"), by=entry["actor"]["id"],
    )  # fmt: skip


def _fact_stated(fold: Projection, entry: Fields, out: Fields) -> None:
    key = (entry["inc"], out["fact"], out["version"])
    fold.put(
        "fact", key, entry, state=out["certainty"], value=out.get("value"), text_c=_sealed(entry, "text"),
        source=out["source"], by=entry["actor"]["id"],
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------- runs and steps


def _run_ordered(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put(
        "playbook_run", (entry["run"],), entry, incident=entry["inc"], playbook=out["playbook"],
        version=out["version"], stopped_by=None,
    )  # fmt: skip


def _run_moved(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("playbook_run", (entry["run"],), entry, version=out["version"], stopped_by=None)


def _run_stopped(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("playbook_run", (entry["run"],), entry, stopped_by=out["code"])


def _run_resumed(fold: Projection, entry: Fields, _out: Fields) -> None:
    fold.put("playbook_run", (entry["run"],), entry, stopped_by=None)


def _step_opened(fold: Projection, entry: Fields, out: Fields) -> None:
    if not entry.get("run") or not entry.get("step"):  # a chain that a rule or a person began
        return
    key = (entry["run"], entry["step"])
    if key not in fold.tables["step"]:
        fold.put("step", key, entry, state=StepState.OPEN.value, value_c=None)
    if asked := out.get("assignment"):
        fold.asked[key] = asked
        fold.of_incident.setdefault(entry["inc"], []).append(asked)
        fold.put(
            "assignment", (asked,), entry, incident=entry["inc"], run=entry["run"], step=entry["step"],
            who=out["who"], choice=None, answered_by=None, answer_c=None, taken_by=None,
        )  # fmt: skip


def _handed_on(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.put("assignment", (out["assignment"],), entry, who=out["who"], taken_by=None)


def _in_hand(fold: Projection, entry: Fields, out: Fields) -> None:
    taken_by = {
        EntryKind.STEP_HANDED_OVER.value: out.get("person"),
        EntryKind.STEP_GIVEN_BACK.value: None,
    }.get(entry["kind"], entry["actor"]["id"])
    fold.put("assignment", (out["assignment"],), entry, taken_by=taken_by)


def _step_ended(fold: Projection, entry: Fields, out: Fields) -> None:
    key, value_c = (entry["run"], entry["step"]), _sealed(entry, "value")
    state, choice, by_person = _STEP_ENDS[entry["kind"]]
    fold.put("step", key, entry, state=state, value_c=value_c)
    if asked := fold.asked.pop(key, None):
        by = entry["actor"]["id"] if by_person else None
        said = out.get("choice", choice)
        fold.put(
            "assignment", (asked,), entry, choice=said, answered_by=by, answer_c=value_c,
            proxy_for=out.get("proxy"),
        )  # fmt: skip
        if seen := out.get("review"):
            fold.put(
                "assignment", (seen,), entry, incident=entry["inc"], run=None, step=entry["step"],
                who=f"holder:{out['proxy']}", choice=None, answered_by=None, answer_c=None, taken_by=None,
            )  # fmt: skip


def _errand_asked(fold: Projection, entry: Fields, out: Fields) -> None:
    fold.of_incident.setdefault(entry["inc"], []).append(out["assignment"])
    fold.put(
        "assignment", (out["assignment"],), entry, incident=entry["inc"], run=None, step=entry["step"],
        who=out["who"], choice=None, answered_by=None, answer_c=None, taken_by=None, necessary=out["necessary"],
        text_c=_sealed(entry, "text"), asked_by=entry["actor"]["id"],
    )  # fmt: skip


def _errand_ended(fold: Projection, entry: Fields, out: Fields) -> None:
    choice = "done" if entry["kind"] == EntryKind.ERRAND_DONE.value else StepState.CANCELLED.value
    by, value_c = entry["actor"]["id"], _sealed(entry, "value")
    fold.put("assignment", (out["assignment"],), entry, choice=choice, answered_by=by, answer_c=value_c)


def _reviewed(fold: Projection, entry: Fields, out: Fields) -> None:
    by, value_c = entry["actor"]["id"], _sealed(entry, "value")
    fold.put("assignment", (out["assignment"],), entry, choice="seen", answered_by=by, answer_c=value_c)


_STEP_ENDS: dict[str, tuple[str, str | None, bool]] = {
    EntryKind.STEP_DONE: (StepState.DONE.value, None, False),
    EntryKind.STEP_ANSWERED: (StepState.DONE.value, None, True),
    EntryKind.STEP_DEFAULTED: (StepState.DONE.value, None, False),
    EntryKind.STEP_FAILED: (StepState.FAILED.value, EXPIRED, False),
    EntryKind.STEP_SKIPPED: (StepState.SKIPPED.value, StepState.SKIPPED.value, True),
    EntryKind.STEP_CANCELLED: (StepState.CANCELLED.value, StepState.CANCELLED.value, True),
}
_DUTY_ENDS: dict[str, str] = {
    EntryKind.DUTY_LAPSED: DutyState.LAPSED.value,
    EntryKind.DUTY_REPORTED: DutyState.MET.value,
    EntryKind.DUTY_WAIVED: DutyState.WAIVED.value,
}
_ACTS: dict[str, Callable[[Projection, Fields, Fields], None]] = {
    EntryKind.INCIDENT_OPENED: _incident_opened,
    EntryKind.LEVEL_PROPOSED: _level_proposed,
    EntryKind.LEVEL_SET: _level_set,
    EntryKind.INCIDENT_TYPE_SET: _type_set,
    EntryKind.INCIDENT_CLOSED: _incident_closed,
    EntryKind.INCIDENTS_MERGED: _merged,
    EntryKind.INCIDENTS_UNMERGED: _unmerged,
    EntryKind.DUTY_AROSE: _duty_arose,
    EntryKind.DUTY_CHANGED: _duty_changed,
    EntryKind.MEASURE_ADDED: _measure_added,
    EntryKind.MEASURE_ENDED: _measure_ended,
    EntryKind.MEASURE_CHANGED: _measure_changed,
    EntryKind.MEASURE_CHECKED: _measure_checked,
    EntryKind.NOTE_ADDED: _note_added,
    EntryKind.EVIDENCE_COLLECTED: _evidence_collected,
    EntryKind.FACT_STATED: _fact_stated,
    EntryKind.RUN_ORDERED: _run_ordered,
    EntryKind.RUN_MOVED: _run_moved,
    EntryKind.RUN_STOPPED: _run_stopped,
    EntryKind.RUN_RESUMED: _run_resumed,
    EntryKind.STEP_REVIEWED: _reviewed,
    EntryKind.ERRAND_ASKED: _errand_asked,
    EntryKind.ERRAND_DONE: _errand_ended,
    EntryKind.ERRAND_WAIVED: _errand_ended,
    **dict.fromkeys((EntryKind.STEP_HANDED_ON, EntryKind.STEP_REFERRED, EntryKind.STEP_RETURNED), _handed_on),
    **dict.fromkeys(
        (EntryKind.STEP_CLAIMED, EntryKind.STEP_HANDED_OVER, EntryKind.STEP_TAKEN_BACK, EntryKind.STEP_GIVEN_BACK),
        _in_hand,
    ),
    **dict.fromkeys(
        (EntryKind.STEP_OPENED, EntryKind.STEP_STARTED, EntryKind.STEP_ORDERED, EntryKind.TIMER_SET,
         EntryKind.FACT_AWAITED, EntryKind.DUTY_AWAITED, EntryKind.ESCALATION_STARTED, EntryKind.ESCALATION_JOINED),
        _step_opened,
    ),
    **dict.fromkeys(_STEP_ENDS, _step_ended),
    **dict.fromkeys(_DUTY_ENDS, _duty_ended),
}  # fmt: skip


def _differences(one: _Compared, expected: Mapping[Key, _Expected], connection: Connection) -> Iterable[Difference]:
    name, seen = one.table.name, set()
    for row in connection.execute(select(one.table)).mappings():
        key = tuple(row[column] for column in one.key)
        shown = ":".join(map(str, key))
        known = expected.get(key)
        if known is None:
            if one.ours(dict(row)):
                yield Difference(name, shown, "", "row_without_entry", None)
            continue
        seen.add(key)
        for column, value in known.values.items():
            if _plain(row[column]) != _plain(value):
                yield Difference(name, shown, column, "state_differs", known.seq)
    for key in expected.keys() - seen:
        yield Difference(name, ":".join(map(str, key)), "", "row_missing", expected[key].seq)


def _plain(value: Any) -> Any:
    """Instants in UTC and days as the record writes them; sequences as lists."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else list(value) if isinstance(value, tuple) else value
