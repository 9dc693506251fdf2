"""Grave acts need a fresh proof of who one is; what protects, or takes a step back, never waits for one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from csirt.bootstrap import Desk
from csirt.erasing import approve
from csirt.errors import CsirtError, StepUpNeeded
from csirt.model.authority import NEEDS_STEP_UP, Permission
from csirt.model.erasure import ErasureBasis
from csirt.model.people import Actor
from csirt.response import (
    access,
    announcements,
    approvals,
    audit,
    erasing,
    glass,
    incidents,
    reports,
    second_factor,
    secrecy,
    sources,
)
from csirt.response.announcements import Draft
from csirt.response.incidents import Report
from tests.response.seals import sealed, who
from tests.web.conftest import clock, desk, founded

__all__ = ["clock", "desk", "founded"]


def stale(desk: Desk, uid: str) -> Actor:
    return replace(who(desk, uid), fresh=False)


def plain(desk: Desk) -> str:
    return desk.commit(who(desk, "k.sato"), incidents.open_by_report, Report(title="件名"))


def announced(desk: Desk) -> str:
    draft = Draft(title="お知らせ", body="本文")
    return desk.commit(who(desk, "k.sato"), announcements.draft, plain(desk), draft)


def reported(desk: Desk) -> str:
    return desk.commit(who(desk, "k.sato"), reports.draft, plain(desk), "city_report")


def proposed(desk: Desk) -> str:
    head = who(desk, "s.watanabe")
    return desk.commit(head, erasing.propose, plain(desk), [], [], ErasureBasis.OTHER, "x", whole=True)


GRAVE: dict[str, Callable[[Desk], object]] = {
    "export": lambda d: d.commit(stale(d, "k.sato"), audit.export),
    "erasure": lambda d: approve(d, stale(d, "t.nakamura"), proposed(d)),
    "break-glass": lambda d: d.commit(stale(d, "t.nakamura"), glass.break_glass, sealed(d), "急ぐ"),
    "name a reader": lambda d: d.commit(
        stale(d, "a.kobayashi"), secrecy.name_reader, sealed(d), who(d, "y.tanaka").id
    ),
    "lift a seal": lambda d: d.commit(stale(d, "a.kobayashi"), secrecy.lift, sealed(d), "済んだ"),
    "approve an announcement": lambda d: d.commit(stale(d, "a.kobayashi"), announcements.approve, announced(d)),
    "approve a report": lambda d: d.commit(stale(d, "a.kobayashi"), approvals.decide, reported(d)),
    "issue a token": lambda d: d.commit(stale(d, "o.sasaki"), access.issue_token, "ids-9"),
    "issue a source's token": lambda d: d.commit(stale(d, "o.sasaki"), sources.add_token, "ids", lives=None),
    "reset a factor": lambda d: d.commit(
        stale(d, "o.sasaki"), second_factor.ask_reset, who(d, "k.sato").id, "失くした"
    ),
}  # fmt: skip
LIGHT: dict[str, Callable[[Desk], object]] = {
    "seal": lambda d: d.commit(stale(d, "k.sato"), secrecy.seal, plain(d), [who(d, "a.kobayashi").id]),
    "take a reader away": lambda d: d.commit(
        stale(d, "k.sato"), secrecy.unname_reader, sealed(d), who(d, "a.kobayashi").id
    ),
    "send an announcement back": lambda d: d.commit(
        stale(d, "a.kobayashi"), announcements.send_back, announced(d), "直す"
    ),
    "note": lambda d: d.commit(stale(d, "y.tanaka"), incidents.add_note, plain(d), "x"),
}  # fmt: skip


@pytest.mark.parametrize("act", GRAVE)
def test_a_grave_act_needs_a_fresh_proof(desk: Desk, act: str) -> None:
    with pytest.raises(StepUpNeeded, match="step_up_needed"):
        GRAVE[act](desk)


@pytest.mark.parametrize("act", LIGHT)
def test_what_protects_or_refuses_needs_none(desk: Desk, act: str) -> None:
    try:
        LIGHT[act](desk)
    except StepUpNeeded:
        pytest.fail(act)
    except CsirtError as error:
        pytest.fail(f"{act}: {error.code}")


def test_the_list_is_that_of_the_grave_acts() -> None:
    assert set(NEEDS_STEP_UP) == {
        Permission.APPROVE_ERASURE, Permission.APPROVE_REPORT, Permission.BREAK_GLASS, Permission.EXPORT_RECORD,
        Permission.ISSUE_TOKEN, Permission.READ_EVIDENCE, Permission.RESET_SECOND_FACTOR,
    }  # fmt: skip
