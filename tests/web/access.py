"""Sample pages about access: the second factor, one's own sessions, and looking after everybody's."""

from collections.abc import Iterator
from dataclasses import replace

from csirt.model.people import Person
from csirt.web.look import View
from csirt.web.pages.second_factor import picture_of
from csirt.web.views import frame
from csirt.web.views.account import Access, Account, CodePage, ResetLine, SecondFactorPage, SessionLine, StepUp
from tests.web.cast import MINUTE, NOW, Words, a_frame

SECRET = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"
WRONG = frame.Form(errors={"code": "second_factor_wrong"})


def access_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Each page, empty and faulty states too."""
    say, out = Words(language), a_frame(language, "", signed_in=False)
    inside = a_frame(language, "account")
    picture = picture_of(SECRET.replace(" ", ""), Person(id="p-1", uid="h.muya", name=""), inside.city)
    here = SessionLine(opened_at=NOW - 90 * MINUTE, last_at=NOW, auth="ldap", here=True)
    there = SessionLine(opened_at=NOW - 200 * MINUTE, last_at=NOW - 9 * MINUTE, auth="ldap")
    hers = SessionLine(
        opened_at=NOW - MINUTE, last_at=NOW, auth="sealed", person=say("封印アカウント", "Sealed account")
    )
    his = SessionLine(
        opened_at=NOW - MINUTE, last_at=NOW, auth="ldap", person=say("黒崎 一（係長）", "H. Kurosaki"), uid="h.kurosaki"
    )
    waits = ResetLine(
        id="f-1", person=his.person, asked_by=say("撫養 花子", "Hanako Muya"), asked_at=NOW, may_agree=True
    )
    yield "code", out, CodePage()
    yield "code_wrong", out, CodePage(form=WRONG)
    yield "second_factor_begin", inside, SecondFactorPage(has_one=True)
    yield "second_factor", out, SecondFactorPage(secret=SECRET, picture=picture, needed=True)
    yield "second_factor_wrong", inside, SecondFactorPage(secret=SECRET, picture=picture, form=WRONG)
    yield "step_up", inside, StepUp(with_code=True, uid="h.muya")
    yield "step_up_wrong", inside, StepUp(form=frame.Form(errors={"form": "sign_in_failed"}))
    yield "account", inside, Account(sessions=(here, there), has_factor=True, may_administer=True)
    yield "account_without", replace(inside, copy_since=NOW - 50 * MINUTE), Account(sessions=(here,))
    full = Access(sessions=(his, hers), resets=(waits,), sealed_made=NOW - 9000 * MINUTE, may_end=True)
    yield "access", inside, full
    missing = frame.Form(typed={"uid": "h.kurosaki"}, errors={"reason": "reason_missing"})
    yield "access_empty", inside, Access(sessions=(), resets=(), may_end=True, form=missing)
    yield (
        "message_step_up",
        inside,
        frame.Problem(status=403, code="step_up_needed", kept=(say("理由", "Reason"),), step_up="/step-up?back=%2F"),
    )
