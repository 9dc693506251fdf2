"""The fact sheet of an incident: facts are stated, corrected by newer versions, and never overwritten."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from csirt.errors import Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, must
from csirt.model.fact import Fact, FactKind, FactSource, FactState, Statement, Value, checked
from csirt.record.entry import EntryKind
from csirt.response import duties, levels, repeats
from csirt.store.ledger import Code
from csirt.store.queries.facts import current, history
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.facts import FactRow
from csirt.store.tx import Look, Tx

__all__ = ["CLOCKS", "begin", "current", "history", "state", "take_back"]

CLOCKS = ("occurred", "noticed", "known", "received")
MOST_AT_ONCE = 100


def state(tx: Tx, incident: str, statements: Sequence[Statement], *, request_key: str | None = None) -> int:
    """State facts of an incident, open or closed; what says nothing new is passed over. Returns how many were new.

    Every statement is a version and an entry of its own, and the incident's runs look at it in the same commit. The
    same `request_key` again states nothing.

    Raises:
        Forbidden: this actor may not state facts.
        NotFound: there is no such incident.
        Invalid: no such fact, a value that does not fit it, a time in the future, or a 個人番号 in a text.
    """
    must(tx.actor, Permission.STATE_FACT)
    return _state(tx, incident, statements, request_key)


def carry(tx: Tx, incident: str, statements: Sequence[Statement]) -> int:
    """State what another case brought along that became one with this; whoever may merge may. Returns as `state`."""
    return _state(tx, incident, statements, None)


def take_back(tx: Tx, incident: str, carried_at: datetime) -> int:
    """Take back what was carried at this instant and still stands: what stood before is stated anew, or "unknown".

    What people stated since stays. Every fact that is taken back is a version and an entry of its own, beside the
    entry that gives the reason. Returns how many were.
    """
    versions: defaultdict[str, list[Fact]] = defaultdict(list)
    for one in history(Look(tx.session, tx.vault), incident):
        versions[one.name].append(one)
    stale = [some for some in versions.values() if some[-1].stated_at == carried_at]
    before = [
        Statement(some[-1].name, some[-2].state, some[-2].value, some[-2].source, some[-2].at)
        if len(some) > 1
        else Statement(some[-1].name, FactState.UNKNOWN, None, some[-1].source, None)
        for some in stale
    ]
    return sum(
        _state(tx, incident, before[first : first + MOST_AT_ONCE], None)
        for first in range(0, len(before), MOST_AT_ONCE)
    )


def _state(tx: Tx, incident: str, statements: Sequence[Statement], request_key: str | None) -> int:
    if known := repeats.recorded(tx, request_key):
        return int(str(known.get("stated", 0)))
    if len(statements) > MOST_AT_ONCE:
        raise Invalid("too_many", field="facts", limit=MOST_AT_ONCE)
    if twice := next((name for name, n in Counter(one.fact for one in statements).items() if n > 1), None):
        raise Invalid("fact_twice", field=twice, fact=twice)
    row = tx.session.get(IncidentRow, incident, with_for_update=True)
    if row is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    sheet = current(Look(tx.session, tx.vault), incident)
    fresh = [one for one in (_checked(tx, one) for one in statements) if _says_more(one, sheet.get(one.fact))]
    for place, one in enumerate(fresh):
        before = sheet.get(one.fact)
        cid = repeats.cid_of(request_key) if place == 0 else None
        _append(tx, incident, one, before.version + 1 if before else 1, len(fresh), cid)
        if one.fact in CLOCKS:
            setattr(row, one.fact, _instant(one.value) or (row.received if one.fact == "received" else None))
            tx.session.add(row)
    if fresh:
        tx.session.flush()
        levels.propose(tx, row)
        duties.review(tx, row)
        duties.wake(tx, incident)
    return len(fresh)


def _checked(tx: Tx, statement: Statement) -> Statement:
    """The statement in canonical form, fit for the record."""
    one = checked(statement, tx.city.facts)
    kind = tx.city.facts.definition(one.fact).kind
    if kind is FactKind.TEXT and isinstance(one.value, str):
        refuse_my_number(one.value, field=one.fact)
    if kind is FactKind.TIME and (at := _instant(one.value)) and at > tx.now:
        raise Invalid("time_in_future", field=one.fact)
    if one.at is not None and one.at > tx.now:
        raise Invalid("time_in_future", field="at")
    return one


def _instant(value: Value) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _says_more(statement: Statement, before: Fact | None) -> bool:
    return before is None or (statement.state, statement.value) != (before.state, before.value)


def _append(tx: Tx, incident: str, one: Statement, version: int, stated: int, cid: str | None) -> None:
    """One entry and one row; codes stand in the entry, a text only as its commitment."""
    is_text = tx.city.facts.definition(one.fact).kind is FactKind.TEXT
    out: dict[str, Code | list[str]] = {
        "fact": one.fact, "version": version, "certainty": one.state.value, "source": one.source.value,
    }  # fmt: skip
    if cid:
        out["stated"] = stated
    if one.value is not None and not is_text:
        out["value"] = list(one.value) if isinstance(one.value, tuple) else one.value
    texts = {"text": str(one.value)} if is_text and one.value is not None else None
    sealed = tx.record(EntryKind.FACT_STATED, incident=incident, cid=cid, out=out, texts=texts)
    tx.session.add(
        FactRow(
            incident=incident, name=one.fact, version=version, state=one.state.value,
            value=None if is_text else list(one.value) if isinstance(one.value, tuple) else one.value,
            text_c=sealed.get("text"), source=one.source.value, at=one.at or tx.now, by=tx.actor.id, stated_at=tx.now,
        )
    )  # fmt: skip


def begin(
    tx: Tx, incident: str, clocks: Mapping[str, datetime | None], personal_data: str, sensed: Collection[str] = ()
) -> None:
    """The facts that an incident is opened with; they stand under the entry of its opening.

    `sensed` are the clocks that were read off detections: estimates, until somebody says otherwise.
    """
    first = {name: at.isoformat(timespec="seconds") for name, at in clocks.items() if at is not None}
    found = {**first, **({"personal_data": personal_data} if personal_data in {"yes", "no"} else {})}
    for name, value in found.items():
        sure = FactState.CONFIRMED if name in first and name not in sensed else FactState.ESTIMATED
        source = FactSource.DETECTION if name in sensed else FactSource.REPORT
        tx.session.add(
            FactRow(
                incident=incident, name=name, version=1, state=sure.value, value=value, source=source.value,
                at=tx.now, by=tx.actor.id, stated_at=tx.now,
            )
        )  # fmt: skip
