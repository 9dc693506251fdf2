"""Sample pages of the announcement desk."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from csirt.model.announcement import AnnouncementState
from csirt.web.look import View
from csirt.web.views import announcements, frame
from tests.web.cast import MINUTE, NOW, Words, a_frame


def a_draft(say: Words) -> announcements.AnnouncementRow:
    """One that waits for a decision."""
    return announcements.AnnouncementRow(
        id="b-2",
        number=4,
        state=AnnouncementState.DRAFTED,
        title=say("個人情報の漏えいのおそれについて（第2報）", "A possible leak of personal data (second notice)"),
        body=say(
            "本市の端末が不正なプログラムに感染し、個人情報が漏えいしたおそれがあります。\n対象の方へは文書でお知らせします。",
            "A computer of the city was infected; personal data may have leaked.\nWe write to those concerned.",
        ),
        plain=say(
            "市のコンピューターが 悪い プログラムに 感染しました。\nあなたに 手紙を 送ることが あります。",
            "A city computer caught a bad program.\nYou may get a letter from us.",
        ),
        qa=say("問: 口座番号は含まれますか。\n答: 調査中です。", "Q: Are bank accounts among it?\nA: We look into it."),
        drafted_by=say("撫養 花子", "Hanako Muya"),
        drafted_at=NOW - 40 * MINUTE,
        may_decide=True,
        form=frame.Form(key="k-20"),
    )


def a_desk(say: Words) -> announcements.AnnouncementPage:
    """A draft, one that was said, one sent back, and a decision not to publish."""
    row = a_draft(say)
    said = announcements.ReleaseRow(outlet=say("記者クラブ", "Press club"), at=NOW, by=row.drafted_by)
    approved = replace(
        row, id="b-1", number=3, state=AnnouncementState.APPROVED, decided_by=say("里浦 三郎", "Saburo Satoura"),
        decided_at=NOW, releases=(said,), may_decide=False, may_release=True,
    )  # fmt: skip
    returned = replace(
        approved, id="b-0", number=2, state=AnnouncementState.RETURNED, releases=(), may_release=False,
        reason=say("件数の根拠を書く。", "Say where the count is from."),
    )  # fmt: skip
    no = replace(
        returned, id="b-9", number=1, state=AnnouncementState.WITHHELD, title="", body="", plain="", qa="",
        ground=say("捜査への支障", "Would hinder an investigation"),
    )  # fmt: skip
    web = frame.Option(value="web", label=say("市のウェブサイト", "Web site"))
    return announcements.AnnouncementPage(
        id="i-1", fiscal_year=2026, ordinal=12, title=say("税務課の脅迫文", "Ransom note"),
        rows=(row, approved, returned, no), outlets=(web,),
        grounds=(frame.Option(value="other", label=say("その他", "Other")),),
        calls=((date(2026, 11, 22), 120), (date(2026, 11, 23), 64)), calls_sum=184, may_draft=True, may_withhold=True,
        draft_form=frame.Form(key="k-21"), withhold_form=frame.Form(key="k-22"), calls_form=frame.Form(key="k-23"),
    )  # fmt: skip


def announcing_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """The desk, empty, and with a form that came back."""
    page = a_desk(Words(language))
    yield "announcements", a_frame(language, "incident"), page
    empty = replace(page, rows=(), calls=(), may_draft=False, may_withhold=False)
    yield "announcements_empty", a_frame(language), empty
    wrong = frame.Form(errors={"body": "text_missing"}, typed={"title": "x"}, key="k-24")
    row = replace(page.rows[1], form=frame.Form(errors={"outlet": "choice_missing"}, key="k-25"))
    yield "announcements_wrong", a_frame(language), replace(page, draft_form=wrong, rows=(row,))
