"""What detections carry."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from csirt.model.observable import Observable, in_order
from csirt.store.many import some_of
from csirt.store.tables.intake import ObservableRow

_CARRIED: Any = select(ObservableRow.detection, ObservableRow.kind, ObservableRow.value).where(
    col(ObservableRow.detection).in_(bindparam("prints", expanding=True))
)


def carried_by(session: Session, prints: Collection[str]) -> dict[str, tuple[Observable, ...]]:
    """The observables of detections, by fingerprint; none for those that carry nothing."""
    found: defaultdict[str, list[Observable]] = defaultdict(list)
    for some in some_of(prints):
        for print_, kind, value in session.execute(_CARRIED, {"prints": some}):
            found[print_].append(Observable(kind, value))
    return {print_: in_order(some) for print_, some in found.items()}
