"""Sample fact sheets."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from csirt.model.duty import DutyState
from csirt.model.fact import FactKind, FactState
from csirt.model.incident import Level
from csirt.web.look import View
from csirt.web.views import duties, facts, frame, levels
from tests.web.cast import MINUTE, NOW, Words, a_frame
from tests.web.reports import report_pages, some_rows


def some_facts(say: Words) -> tuple[facts.FactRow, ...]:
    """A confirmed, an estimated, an open and an unknown one."""
    row = facts.FactRow(
        label=say("市が知った時刻", "Known to the city"),
        value=say("令和8年11月22日(日) 13時29分", "22 Nov 2026 (Sun) 13:29"),
        state=FactState.CONFIRMED,
        version=1,
        source=say("起票時の申告", "opening report"),
        at=NOW - 96 * MINUTE,
        by=say("佐藤 健", "Ken Sato"),
    )
    count = replace(row, label=say("本人の数", "Number of persons"), value=say("1,780人", "1,780 persons"), version=2)
    cause = replace(row, label=say("原因の説明", "Cause in words"), value="", state=FactState.INVESTIGATING)
    lost = replace(row, label=say("二次被害", "Secondary damage"), value="", state=FactState.UNKNOWN)
    return row, replace(count, state=FactState.ESTIMATED), cause, lost


def _fields(say: Words) -> tuple[facts.FactField, ...]:
    known = facts.FactField(name="known", label=say("市が知った時刻", "Known to the city"), kind=FactKind.TIME)
    count = facts.FactField(
        name="head_count", label=say("本人の数", "Number of persons"), kind=FactKind.COUNT, unit=say("人", "persons"),
        hint=say("通数ではありません。", "Not mails."), value="1,780", state=FactState.ESTIMATED,
    )  # fmt: skip
    options = (frame.Option(value="yes", label=say("あり", "Yes")), frame.Option(value="no", label=say("なし", "No")))
    leak = facts.FactField(name="leak", label=say("漏えい等", "Leak"), kind=FactKind.FINDING, options=options)
    forms = replace(leak, name="leak_forms", kind=FactKind.CHOICES, label="Kind", chosen=frozenset({"yes"}))
    return known, count, leak, forms, replace(known, name="summary", label=say("概要", "Summary"), kind=FactKind.TEXT)


def a_fact_sheet(say: Words) -> facts.FactSheet:
    """The sheet of a case under way."""
    rows = some_facts(say)
    part = facts.FactPart(name="data", label=say("個人情報", "Personal data"), fields=_fields(say))
    staff = frame.Option(value="staff", label=say("職員の確認", "staff"))
    return facts.FactSheet(
        id="i-1", fiscal_year=2026, ordinal=12, title=say("あて先を全員に見せて送信した", "Sent with all in To:"),
        facts=rows, history=(*rows, replace(rows[1], version=1)), parts=(part,), sources=(staff,),
    )  # fmt: skip


def a_wrong_fact_sheet(say: Words) -> facts.FactSheet:
    """A sheet whose form came back."""
    sheet = a_fact_sheet(say)
    errors = {"v.head_count": "fact_value_malformed", "s.leak": "fact_state_missing", "at": "time_malformed"}
    form = frame.Form(typed={"v.head_count": say("千人", "a lot"), "v.leak": "yes"}, errors=errors, key="k-9")
    return replace(sheet, parts=(replace(sheet.parts[0], form=form),))


def some_duties(say: Words) -> tuple[duties.DutyRow, ...]:
    """One with a limit, one without, one that was met."""
    row = duties.DutyRow(
        id="d-1",
        label=say("個人情報保護委員会への速報", "Preliminary report to the Commission"),
        addressee=say("個人情報保護委員会", "The Commission"),
        state=DutyState.OPEN,
        reasons=(say("本人の数 1780人が100人を超える", "1780 persons are more than 100"),),
        binding=say("目安", "Guide value"),
        basis="個人情報保護法第68条第1項",
        edition="2023-04-01",
        doubt=say("原文は確認できていません。", "Not read in the original."),
        uncertain=True,
        clock=NOW,
        last_day=date(2026, 11, 26),
        target=date(2026, 11, 24),
        due=NOW + 4000 * MINUTE,
        waived_by=say("市長", "Mayor"),
        may_report=True,
        may_waive=True,
        drafts=(frame.Option(value="ppc_leak:preliminary", label=say("漏えい等報告書 速報", "Leak report")),),
    )
    prompt = replace(row, id="d-2", label=say("本人への通知", "Notice to the persons"), due=None, last_day=None)
    sent = duties.ReportRow(version=1, channel="FAX", at=NOW, acknowledged_at=NOW, receipt="1", by="A")
    met = replace(row, id="d-3", state=DutyState.MET, drafts=(), reports=(sent,), may_waive=False)
    return (
        row,
        prompt,
        met,
        replace(met, id="d-4", state=DutyState.WAIVED, reason=say("捜査のため。", "Police.")),
    )


def law_of(say: Words) -> dict[str, Any]:
    """What the page of an incident shows of facts and duties."""
    return {
        "facts": some_facts(say),
        "duties": some_duties(say)[:2],
        "levels": some_levels(say),
        "reports": some_rows(say)[:2],
    }


def some_levels(say: Words) -> levels.LevelPart:
    """Proposed, set, and called something else by others."""
    why = say("ランサムウェア", "Ransomware")
    row = levels.LevelRow(at=NOW, level=Level.GRAVE, is_set=False, by=say("システム", "system"), because=why)
    decided = replace(row, is_set=True, by=say("里浦 三郎", "Saburo Satoura"), because=say("窓口が止まる。", "Stops."))
    nisc = levels.MappedRow(scheme="NISC", term="2–3", edition="2018-01-01", source="NISC 2018", uncertain=True)
    rsit = replace(nisc, scheme="RSIT", term="malicious-code: infected-system", uncertain=False)
    mine = levels.Proposal(level=Level.CRISIS, by=say("撫養 花子", "Hanako Muya"), at=NOW, waits_for="CISO")
    return levels.LevelPart(proposal=mine, because=why, setter="CISO", history=(decided, row), mapped=(nisc, rsit))


def a_duty_page(say: Words) -> duties.DutyPage:
    """Duties in each state, and what is to come."""
    soon = duties.UpcomingRow(label=say("施行規則", "A rule"), start=date(2027, 7, 1), latest=None, source="S")
    return duties.DutyPage(
        id="i-1", fiscal_year=2026, ordinal=12, title=say("誤送信", "Sent to all"), duties=some_duties(say),
        channels=(frame.Option(value="phone", label=say("電話", "Telephone")),),
        upcoming=(soon, replace(soon, start=None, latest=date(2028, 7, 17))),
    )  # fmt: skip


def law_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Name, frame and view of the pages about facts."""
    say = Words(language)
    yield "fact_sheet", a_frame(language, "incident"), a_fact_sheet(say)
    yield "fact_sheet_wrong", a_frame(language, "incident"), a_wrong_fact_sheet(say)
    yield "fact_sheet_empty", a_frame(language), replace(a_fact_sheet(say), facts=(), history=(), parts=())
    page = a_duty_page(say)
    wrong = frame.Form(errors={"channel": "choice_missing"}, key="k-10")
    first = replace(page.duties[0], report_form=wrong)
    yield "duties", a_frame(language, "incident"), page
    yield "duties_wrong", a_frame(language, "incident"), replace(page, duties=(first,))
    yield "duties_empty", a_frame(language), replace(page, duties=(), upcoming=())
    yield from report_pages(language)
