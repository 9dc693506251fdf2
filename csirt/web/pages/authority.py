"""権限: the permission table and the table of deciders, for everybody who is signed in."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.era import jst_date
from csirt.model.authority import may
from csirt.model.deciding import Decision
from csirt.texts.authority import tell
from csirt.texts.catalogs import Catalog, catalog
from csirt.web.pages.drawing import show
from csirt.web.session import SignedIn
from csirt.web.views.authority import Authority, DecisionRow, PermissionRow

router = APIRouter(include_in_schema=False)

RULES = ("four_eyes", "auditor", "administrator", "sealed", "no_ladder", "post", "step_up", "local", "link")


@router.get("/authority")
def show_authority(request: Request, visit: SignedIn) -> Response:
    """Who may do what, as the permission table says, and who decides what, with its source."""
    words = catalog(visit.language)
    book = visit.desk.door.city.deciders
    today = jst_date(visit.desk.clock.now())
    view = Authority(
        permissions=tuple(PermissionRow(told=one, mine=may(visit.actor, one.permission)) for one in tell(words)),
        decisions=tuple(_row(one, words, visit.language) for one in book.on(today)),
        source=book.source,
        rules=RULES,
    )
    return show(request, visit, view, "authority")


def _row(one: Decision, words: Catalog, language: str) -> DecisionRow:
    return DecisionRow(
        what=one.label(language),
        decider=one.decider(language),
        basis=one.basis,
        here=words.gettext(f"permission.{one.permission.value}") if one.permission else "",
        uncertain=one.uncertain,
    )
