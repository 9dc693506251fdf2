"""Sample pages of an opening in four steps, and the parts of the board that tell of time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from markupsafe import Markup

from csirt.gallery import PlaybookWords, Shelf
from csirt.model.incident import IncidentStatus, IncidentType, Level
from csirt.model.people import Roster
from csirt.model.trigger import Firing
from csirt.reports.bars_svg import draw_bars
from csirt.texts.catalogs import catalog
from csirt.texts.naming import Naming
from csirt.web.look import View
from csirt.web.views import board, by_hand, found, frame, opening
from tests.web.cast import MINUTE, NOW, Words, a_frame

PLACE = "/incidents/new/k-12345678"


def some_urgent(say: Words) -> tuple[board.Urgent, ...]:
    """A step that is overdue, and a duty that ends within the hour."""
    step = board.Urgent(
        what=say("徳島県へ第1報", "First report to the prefecture"), href="/assignments/a-1",
        number=say("令和8年度 第11号", "FY2026 No. 11"),
        incident_title=say("不審な添付ファイルを開いたとの申告", "A suspicious attachment was opened"),
        at=NOW - 75 * MINUTE, who=say("情報セキュリティ担当", "Security officer"),
    )  # fmt: skip
    duty = replace(
        step, what=say("総務省への第1報", "First report to the ministry"), at=NOW + 20 * MINUTE, who="",
        href="/incidents/i-1/duties",
    )  # fmt: skip
    return step, duty


def some_months(say: Words) -> board.Months:
    """A year with a busy autumn."""
    names = [(f"令和{7 + (11 + n) // 12}年{(11 + n) % 12 + 1}月", f"{(11 + n) % 12 + 1}/2026") for n in range(12)]
    numbers = (2, 0, 5, 1, 3, 9, 4, 0, 1, 6, 14, 62)
    rows = tuple((say(*name), number) for name, number in zip(names, numbers, strict=True))
    picture = draw_bars(say("月別の件数", "Incidents by month"), "", rows)
    return board.Months(rows=rows, picture=Markup(picture))  # noqa: S704 - ours


def busy(made: board.Board, say: Words) -> board.Board:
    """A board with everything on it."""
    levels = ((Level.GRAVE, 1), (Level.MINOR, 2))
    return replace(made, urgent=some_urgent(say), months=some_months(say), levels=levels)


def _foretold(say: Words) -> opening.Foretold:
    shelf = Shelf.shipped()
    told = PlaybookWords(shelf, shelf.walk("ransomware"), Naming(Roster({}, {}), {}, catalog(say("ja", "en"))))
    first = opening.FirstStep(
        title=say("インシデントかどうかを判断する", "Is it an incident?"), who=say("情報セキュリティ担当", "Officer"),
        within=say("30分", "30 minutes"),
    )  # fmt: skip
    call = opening.WouldCall(
        title=say("C0 庁内の連絡体制", "C0 Inside the city hall"), by_playbook=True,
        parties=(say("統一的な窓口（佐藤 和子）: メール、電話", "Point of contact (Kazuko Sato): mail, phone"),),
    )  # fmt: skip
    perhaps = replace(call, by_playbook=False, firing=Firing.PERHAPS)
    end = opening.WouldEnd(
        label=say("県への第1報", "First report to the prefecture"), reasons=(), due=NOW + timedelta(hours=9)
    )
    return opening.Foretold(
        playbook=say("ランサムウェア", "Ransomware"), playbook_href="/playbooks/ransomware?version=3", version=3,
        picture=Markup(told.svg()), steps=(first, replace(first, within="")), more=12,  # noqa: S704 - ours
        calls=(call, perhaps, replace(perhaps, firing=Firing.YES, automatic=True)),
        duties=(
            replace(end, reasons=(say("ランサムウェアによる", "By ransomware"),)),
            replace(end, due=None, perhaps=say(
                    "レベル2以上と決まった場合、又は漏えいのおそれがある場合",
                    "if the level is set to 2 or more, or if data may have leaked",
                )),
        ),
    )  # fmt: skip


def _facts(say: Words) -> tuple[frame.Fact, ...]:
    return (
        frame.Fact(label=say("件名", "Title"), value=say("税務課の端末で脅迫文の画面が表示された", "Ransom note")),
        frame.Fact(
            label=say("内容", "Account"), value=say("赤い画面に英文。\n電源は入れたまま。", "Red screen.\nStill on.")
        ),
    )


def opening_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Each step, also with errors, with a draft, and with nothing to foretell."""
    say, around = Words(language), a_frame(language, "open_incident")
    form = frame.Form(key="k-12345678", place=PLACE)
    what = opening.OpeningStep(step="what", action=f"{PLACE}/what", form=form)
    begun = opening.Unfinished(
        title=say("書きかけ", "Half done"), href=f"{PLACE}/where?resumed=1", place=PLACE, saved_at=NOW
    )
    yield "opening_what", around, replace(what, unfinished=(begun,))
    wrong = replace(form, errors={"channel": "choice_missing", "title": "title_missing"})
    yield "opening_what_wrong", around, replace(what, form=wrong)
    drafted = replace(form, typed={"host": "TAX-PC-017"}, drafted_at=NOW - MINUTE)
    where = replace(what, step="where", action=f"{PLACE}/where", back=f"{PLACE}/what")
    yield "opening_where", around, replace(where, form=drafted)
    yield "opening_data", around, replace(what, step="data", action=f"{PLACE}/data", back=f"{PLACE}/where")
    confirm = opening.ConfirmOpening(
        action=f"{PLACE}/confirm", place=PLACE, parts=(("what", f"{PLACE}/what", _facts(say)),),
        foretold=_foretold(say), form=form, back=f"{PLACE}/data",
    )  # fmt: skip
    yield "opening_confirm", around, confirm
    yield "opening_confirm_bare", around, replace(confirm, foretold=opening.Foretold(), drill=True)


def by_hand_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """What people decide where no playbook does; also with errors, and for who may not."""
    say = Words(language)
    page = by_hand.ByHand(
        incident_id="i-1", incident=say("令和8年度 第12号", "FY2026 No. 12"), title=say("画面がおかしい", "Odd screen"),
        type=IncidentType.UNDECIDED, may_set_type=True, may_close=True,
        types=(frame.Option(value="ransomware", label=say("ランサムウェア", "Ransomware")),),
    )  # fmt: skip
    yield "by_hand", a_frame(language), page
    wrong = frame.Form(errors={"disposition": "choice_missing", "reason": "reason_missing"})
    yield "by_hand_wrong", a_frame(language), replace(page, close_form=wrong)
    yield "by_hand_not_mine", a_frame(language), replace(page, may_set_type=False, may_close=False)


def officer_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """All pages of this file."""
    yield from opening_pages(language)
    yield from by_hand_pages(language)
    yield from found_pages(language)


def found_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """The search: empty, with hits of every kind, with none."""
    say, around = Words(language), a_frame(language, "search")
    case = found.FoundCase(
        href="/incidents/i-1", number=say("令和8年度 第12号", "FY2026 No. 12"),
        title=say("画面がおかしい", "Odd screen"),
        type=IncidentType.RANSOMWARE, level=None, proposed_level=Level.SERIOUS, status=IncidentStatus.OPEN,
        opened_at=NOW,
    )  # fmt: skip
    note = found.FoundText(
        text=say("業者に電話した。\n折り返し待ち。", "Called the vendor."), at=NOW, who=say("撫養 花子", "Hanako Muya"),
        number=case.number, title=case.title, href=case.href,
    )  # fmt: skip
    alert = found.FoundText(text="ET MALWARE Win32/LockBit Ransomware Checkin (GET)", at=NOW, host="TAX-PC-017")
    page = found.FoundPage(
        form=frame.Form(typed={"q": say("画面", "screen")}), asked=True, incidents=(case,), notes=(note,),
        detections=(alert,),
    )  # fmt: skip
    yield "found", around, page
    yield "found_none", around, replace(page, incidents=(), notes=(), detections=())
    wrong = frame.Form(errors={"q": "my_number_refused"})
    yield "found_wrong", around, found.FoundPage(form=wrong)
