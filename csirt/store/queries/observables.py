"""What detections carry."""

from collections import defaultdict
from collections.abc import Collection

from sqlmodel import Session, col, select

from csirt.model.observable import Observable, in_order
from csirt.store.many import some_of
from csirt.store.tables.intake import ObservableRow


def carried_by(session: Session, prints: Collection[str]) -> dict[str, tuple[Observable, ...]]:
    """The observables of detections, by fingerprint; none for those that carry nothing."""
    found: defaultdict[str, list[Observable]] = defaultdict(list)
    for some in some_of(prints):
        query = select(ObservableRow).where(col(ObservableRow.detection).in_(some))
        for row in session.exec(query):
            found[row.detection].append(Observable(row.kind, row.value))
    return {print_: in_order(some) for print_, some in found.items()}
