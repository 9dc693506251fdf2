"""起案・合議・決裁: which stamp a report still needs, and who may give it. Pure.

Four eyes: whoever drafted a report puts no other stamp on it, and nobody stamps twice. A deputy who decides (代決) is
seen later by the holder (後閲). The decider may say yes by phone first; the paper follows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from csirt.errors import Conflict, Forbidden


class ReportState(StrEnum):
    """Where a report stands. Whether it was sent is told apart from this."""

    CIRCULATING = "circulating"  # 回議中
    ORAL = "oral"  # said yes to by phone; the paper is still to be stamped
    APPROVED = "approved"
    RETURNED = "returned"  # 差戻し
    REPLACED = "replaced"  # another draft took its place


class Act(StrEnum):
    """What somebody did to a draft."""

    CONSENT = "consent"  # 合議
    APPROVE = "approve"  # 決裁
    PROXY = "proxy"  # 代決
    ORAL = "oral"  # 口頭での承認
    REVIEW = "review"  # 後閲
    RETURN = "return"  # 差戻し


SENDABLE = frozenset({ReportState.ORAL, ReportState.APPROVED})
_STAMPS = frozenset({Act.CONSENT, Act.APPROVE, Act.PROXY})


@dataclass(frozen=True, slots=True)
class Stamp:
    """One stamp: what, as which post, by whom (an opaque id)."""

    act: Act
    post: str
    person: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that goes round with a draft."""

    report: str
    state: ReportState
    drafter: str
    council: tuple[str, ...]
    decider: str
    stamps: tuple[Stamp, ...] = ()

    @property
    def council_left(self) -> tuple[str, ...]:
        """The posts of the council that have not stamped, in order."""
        done = {one.post for one in self.stamps if one.act is Act.CONSENT}
        return tuple(post for post in self.council if post not in done)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The posts whose stamp it waits for now."""
        if self.state not in {ReportState.CIRCULATING, ReportState.ORAL}:
            return ()
        return self.council_left or (self.decider,)

    @property
    def waits_for_review(self) -> bool:
        """Did a deputy decide, and has the holder not seen it yet?"""
        acts = {one.act for one in self.stamps}
        return Act.PROXY in acts and Act.REVIEW not in acts


def post_for_consent(sheet: Sheet, person: str, posts: Collection[str]) -> str:
    """As which post somebody may consent now.

    Raises:
        Conflict: it goes round no longer, or every post of theirs has stamped.
        Forbidden: they drafted it, have stamped already, or hold no post of the council.
    """
    _check_open(sheet)
    mine = [post for post in sheet.council if post in posts]
    if not mine:
        raise Forbidden("not_your_stamp", report=sheet.report, posts=",".join(sheet.council))
    left = [post for post in mine if post in sheet.council_left]
    if not left:
        raise Conflict("report_stamped", report=sheet.report)
    _check_four_eyes(sheet, person)
    return left[0]


def check_decider(sheet: Sheet, person: str, posts: Collection[str]) -> None:
    """May somebody decide now? Raises as `post_for_consent`; `report_council_open` while the council has not ended."""
    _check_open(sheet)
    if sheet.decider not in posts:
        raise Forbidden("not_your_stamp", report=sheet.report, posts=sheet.decider)
    _check_four_eyes(sheet, person)
    if sheet.council_left:
        raise Conflict("report_council_open", report=sheet.report, posts=",".join(sheet.council_left))


def post_for_return(sheet: Sheet, posts: Collection[str]) -> str:
    """As which post somebody may send a draft back. Raises `Conflict`, `Forbidden`."""
    _check_open(sheet)
    mine = [post for post in (*sheet.council, sheet.decider) if post in posts]
    if not mine:
        raise Forbidden("not_your_stamp", report=sheet.report, posts=",".join((*sheet.council, sheet.decider)))
    return mine[0]


def check_oral(sheet: Sheet, who: str, acting_order: Sequence[str], *, allowed: bool) -> None:
    """May this person's yes by phone be recorded?

    Raises:
        Conflict: it goes round no longer, or was said yes to already.
        Forbidden: the route knows no oral approval, or `who` drafted it.
        Forbidden: `not_your_stamp`: `who` neither holds nor deputises for the decider's post.
    """
    if sheet.state is not ReportState.CIRCULATING:
        raise Conflict("report_not_circulating", report=sheet.report)
    if not allowed:
        raise Forbidden("oral_not_allowed", report=sheet.report)
    if who not in acting_order:
        raise Forbidden("not_your_stamp", report=sheet.report, posts=sheet.decider)
    if who == sheet.drafter:
        raise Forbidden("drafter_may_not_approve", report=sheet.report)


def check_review(sheet: Sheet, person: str, holder: str | None) -> None:
    """May somebody see a deputy's decision as the holder? Raises `Conflict`, `Forbidden`."""
    if not sheet.waits_for_review:
        raise Conflict("report_needs_no_review", report=sheet.report)
    if person != holder:
        raise Forbidden("not_your_stamp", report=sheet.report, posts=sheet.decider)
    if person == sheet.drafter:
        raise Forbidden("drafter_may_not_approve", report=sheet.report)


def _check_open(sheet: Sheet) -> None:
    if sheet.state not in {ReportState.CIRCULATING, ReportState.ORAL}:
        raise Conflict("report_not_circulating", report=sheet.report)


def _check_four_eyes(sheet: Sheet, person: str) -> None:
    if person == sheet.drafter:
        raise Forbidden("drafter_may_not_approve", report=sheet.report)
    if any(one.person == person and one.act in _STAMPS for one in sheet.stamps):
        raise Forbidden("one_stamp_each", report=sheet.report)
