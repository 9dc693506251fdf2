"""The level that is proposed for a case: by what was sensed at first and since, and by rules over its facts.

A post sets the level (`incidents.set_level`); what is proposed binds nobody.
"""

from datetime import datetime

from csirt.era import jst_date
from csirt.model.city import City
from csirt.model.condition import Known
from csirt.model.incident import Level
from csirt.model.law import SENSED
from csirt.record.entry import EntryKind
from csirt.store.ledger import Code
from csirt.store.queries.facts import situation
from csirt.store.tables.cases import IncidentRow
from csirt.store.tx import Tx


def sense(tx: Tx, row: IncidentRow, level: int) -> None:
    """A detection, or a case merged into this one, is graver than anything before: at least that is proposed."""
    if level > row.sensed_level:
        row.sensed_level = level
        tx.session.add(row)


def presumed(city: City, now: datetime, said: Level, type_: str, personal_data: str) -> tuple[Level, str]:
    """The level that its kind and its word on personal data ask for, where a report said `said`; and the rule's code.

    The code is empty where no rule asks for more.
    """
    known = {"type": Known(type_), "personal_data": Known(personal_data)}
    return city.levels.presume(known, jst_date(now), said)


def presume(tx: Tx, row: IncidentRow) -> None:
    """Somebody said what kind of case it is: at least what such a case is presumed to be worth is proposed."""
    level, because = presumed(tx.city, tx.now, Level(row.sensed_level), row.type, row.personal_data)
    if because:
        sense(tx, row, int(level))
        propose(tx, row, "rule", sensed=because)


def propose(tx: Tx, row: IncidentRow, by: str = "facts", *, sensed: str = SENSED) -> None:
    """Propose what facts and sensors ask for now, if it is not what was proposed already; the caller holds the row.

    `sensed`: the code of why, where no fact asks for as much.
    """
    found = tx.city.levels.propose(situation(tx.session, row), jst_date(tx.now), Level(row.sensed_level))
    level, because = int(found[0]), sensed if found[1] == SENSED else found[1]
    if level != row.proposed_level:
        row.proposed_level = level
        tx.session.add(row)
        out: dict[str, Code | list[str]] = {"level": level, "by": by, "because": because}
        tx.record(EntryKind.LEVEL_PROPOSED, incident=row.id, out=out)
