"""Other incidents that show what this one shows, as the page lists them."""

from csirt.model.authority import Permission, may
from csirt.model.incident import IncidentStatus, IncidentView
from csirt.store.queries import cases
from csirt.store.queries.related import related
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.incident import RelatedPart, RelatedRow


def part_of(look: Look, visit: Visit, words: Words, view: IncidentView) -> RelatedPart:
    """Open ones first. Whoever may merge is led to the form, where both are open."""
    found = related(look, view.id)
    known = {one.id: one for one in cases.incidents_of(look, (one.incident for one in found.related))}
    merges = view.status is IncidentStatus.OPEN and may(visit.actor, Permission.MERGE_INCIDENTS)
    return RelatedPart(
        rows=tuple(
            RelatedRow(
                id=case.id,
                number=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
                title=case.title,
                level=case.level,
                proposed_level=case.proposed_level,
                status=case.status,
                over=words.over(one.over),
                may_merge=merges and case.status is IncidentStatus.OPEN,
            )
            for one in found.related
            for case in (known[one.incident],)
        ),
        common=words.over(found.common),
    )
