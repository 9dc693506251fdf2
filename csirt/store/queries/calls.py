"""Whom calls and messages went to: most entries of the record name a delivery only, so that they hold nobody's name."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import col, select

from csirt.store.many import some_of
from csirt.store.tables.outbox import DeliveryRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a call or message goes to, on which channel and for which step; codes only.

    `belongs_to` is the same for all that one climb, or one notice to several, sent.
    """

    party: str
    person: str | None
    channel: str
    step: str
    belongs_to: str


def called_by(look: Look, deliveries: Collection[str]) -> dict[str, Called]:
    """Whom these deliveries went to, by their ids; what is no delivery of ours is left out."""
    found: dict[str, Called] = {}
    for some in some_of(deliveries):
        query = select(DeliveryRow).where(col(DeliveryRow.id).in_(some))
        for row in look.session.exec(query):
            step = row.facts.get("step", "")
            belongs_to = row.escalation or f"{row.template}/{step}"
            found[row.id] = Called(row.party, row.person, row.channel, step, belongs_to)
    return found
