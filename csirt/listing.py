"""The list of measures as a document for the committee. Used by web and CLI alike."""

from csirt.bootstrap import Desk
from csirt.documents import naming
from csirt.era import in_era, jst_date, number_text
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.reports.measures_xlsx import COLUMNS, MeasuresDocument
from csirt.store.queries.measures import MeasureView, measures
from csirt.store.tx import Look
from csirt.texts.naming import Naming


def measures_document(look: Look, desk: Desk, wanted: MeasureFilter, language: str) -> MeasuresDocument:
    """The measures that fit, in words of one language."""
    name, now = naming(desk, look, language), desk.clock.now()
    words, city = name.words, desk.door.city
    marks = [words.gettext("mark.handling"), words.gettext("mark.sample") if city.sample else ""]
    return MeasuresDocument(
        title=words.gettext("measures.title"),
        marks=tuple(one for one in marks if one),
        heads={column: words.gettext(f"measure.{column}") for column in COLUMNS},
        rows=[_row(view, name, jst_date(now) > view.due) for view in measures(look, wanted)],
        made_at=now,
    )


def _row(view: MeasureView, name: Naming, late: bool) -> dict[str, str]:  # noqa: FBT001 - one truth of a row
    words = name.words
    state = words.gettext(f"measure_state.{view.state}")
    if late and view.state == MeasureState.OPEN.value:
        state += f" ({words.gettext('measure.overdue')})"
    return {
        "incident": number_text(view.fiscal_year, view.ordinal, words.language, drill=view.drill),
        "text": view.text,
        "owner": name.post(view.owner),
        "due": in_era(view.due) if words.language == "ja" else view.due.isoformat(),
        "state": state,
        "ended": view.ended_text,
        "effect": view.effect,
    }
