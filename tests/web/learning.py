"""Sample reviews of closed cases, and measures whose form came back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from csirt.model.duty import DutyState
from csirt.web.look import View
from csirt.web.views import frame, measures
from tests.web.cases import some_measures
from tests.web.cast import NOW, Words, a_frame


def a_review(say: Words) -> measures.ReviewPage:
    """The review of a closed case, in its second version."""
    version = measures.ReviewRow(
        version=2,
        held_on=date(2026, 12, 20),
        well=say("通報から10分で端末を切り離せた。", "The computer was cut off ten minutes after the report."),
        badly=say("県への電話番号が古かった。", "The number of the prefecture was old."),
        cause=say("保守用VPN装置の更新漏れ。", "The maintenance VPN had not been updated."),
        lessons=say("年度初めに連絡先を確かめる。", "Check contacts each April."),
        by=say("佐藤 健", "Ken Sato"),
        at=NOW,
    )
    met = measures.MetDuty(
        label=say("県への第1報", "First report to the prefecture"), state=DutyState.MET, last_day=date(2026, 11, 22),
        ended_at=NOW, late=True,
    )  # fmt: skip
    return measures.ReviewPage(
        id="i-1", fiscal_year=2026, ordinal=12, title=say("税務課の脅迫文", "Ransom note"),
        course=(("known", NOW), ("closed", NOW)), duties=(met, replace(met, last_day=None, late=False)),
        measures=some_measures(say).rows[:1], versions=(version, replace(version, version=1, badly="", lessons="")),
        may_record=True, form=frame.Form(key="k-11"),
    )  # fmt: skip


def learning_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """The review with its empty and its faulty states, and a measure whose form came back."""
    page, listed = a_review(Words(language)), some_measures(Words(language))
    wrong = frame.Form(errors={"reason": "reason_missing"}, key="k-12")
    yield "measures_wrong", a_frame(language), replace(listed, rows=(replace(listed.rows[0], form=wrong),))
    yield "review", a_frame(language), page
    yield "review_empty", a_frame(language), replace(page, versions=(), duties=(), measures=(), closed=False)
    faulty = frame.Form(errors={"well": "text_missing", "held_on": "date_malformed"}, key="k-13")
    yield "review_wrong", a_frame(language), replace(page, form=faulty)
