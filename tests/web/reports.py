"""Sample reports: the list, and one draft in each state."""

from collections.abc import Iterator
from dataclasses import replace

from csirt.model.approval import ReportState
from csirt.model.report import Trust
from csirt.web.look import View
from csirt.web.views import frame, reports
from tests.web.cast import MINUTE, NOW, Words, a_frame


def some_rows(say: Words) -> tuple[reports.ReportRow, ...]:
    """A second report going round, a first one that was sent on a yes by phone, one that was sent back."""
    first = reports.ReportRow(
        id="w-1",
        title=say("情報セキュリティインシデント報告書 第1報", "Information security incident report, report 1"),
        form=say("インシデント報告書（県・総務省）", "Incident report to prefecture and ministry"),
        revision=2,
        state=ReportState.ORAL,
        at=NOW - 60 * MINUTE,
        by=say("佐藤 和也", "Kazuya Sato"),
        missing=6,
        waits_for=(say("CSIRT責任者", "CSIRT head"),),
        sent_at=NOW - 30 * MINUTE,
        paper_due=True,
    )
    second = replace(
        first, id="w-2", title=say("情報セキュリティインシデント報告書 第2報", "Incident report, report 2"), revision=1,
        state=ReportState.CIRCULATING, sent_at=None, paper_due=False, missing=2,
    )  # fmt: skip
    back = replace(second, id="w-3", state=ReportState.RETURNED, waits_for=())
    proxy = replace(second, id="w-4", state=ReportState.APPROVED, waits_for=(), review_due=True)
    return second, first, back, proxy


def a_list(say: Words) -> reports.ReportList:
    """What may be drafted, and what was."""
    city = reports.FormOption(
        value="city_report:report",
        label=say("インシデント報告書（県・総務省）", "Incident report to prefecture and ministry"),
        edition="2015-08-01",
        served=(say("都道府県への第1報", "First report to the prefecture"),),
    )
    ppc = replace(city, value="ppc_leak:preliminary", label=say("漏えい等報告書 速報", "Leak report"), served=())
    return reports.ReportList(
        id="i-1", fiscal_year=2026, ordinal=12, title=say("誤送信", "Sent to all"), rows=some_rows(say),
        forms=(city, ppc), form=frame.Form(key="k-11"),
    )  # fmt: skip


def some_lines(say: Words) -> tuple[reports.LineRow, ...]:
    """What changed, what is not known, what has to be known."""
    line = reports.LineRow(
        label=say("本人の数", "Number of persons"), text=say("1,782人", "1,782 persons"), trust=Trust.OWN,
        source="S", required=True, missing=False, changed=True,
        before=say("1,780人（推定）", "1,780 persons (estimated)"),
    )  # fmt: skip
    open_line = replace(
        line, label=say("ランサムノート", "Ransom note"), text=say("調査中", "under investigation"),
        trust=Trust.SECOND_HAND, missing=True, changed=False, before="", required=False,
    )  # fmt: skip
    assumed = replace(open_line, label=say("概要", "Summary"), trust=Trust.ASSUMED, required=True)
    return line, open_line, assumed


def some_stamps(say: Words) -> tuple[reports.StampRow, ...]:
    """Drafted, consented to, not yet decided."""
    drafted = reports.StampRow(act=say("起案", "Drafted"), post="", name=say("佐藤 和也", "Kazuya Sato"), at=NOW)
    consent = reports.StampRow(
        act=say("合議", "Consent"), post=say("CSIRT責任者", "CSIRT head"), name=say("渡辺 慎一", "Shin'ichi Watanabe"),
        at=NOW, text=say("人数を確認した。", "The number was checked."),
    )  # fmt: skip
    still = reports.StampRow(act=say("決裁", "Approval"), post=say("統括情報セキュリティ責任者", "Director"))
    return drafted, consent, still


def a_report(say: Words) -> reports.Report:
    """A second report as its decider sees it."""
    line, open_line, assumed = some_lines(say)
    option = frame.Option(value="x", label=say("見本県 情報セキュリティ担当", "Sample Prefecture"))
    return reports.Report(
        id="w-2",
        incident="i-1",
        fiscal_year=2026,
        ordinal=12,
        title=say("情報セキュリティインシデント報告書 第2報", "Information security incident report, report 2"),
        form_label=say("インシデント報告書", "Incident report"),
        edition="2015-08-01",
        edition_source=say("連絡の実務", "Practice"),
        revision=1,
        state=ReportState.CIRCULATING,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        sections=(
            reports.SectionRow(title=say("案件", "Case"), lines=(line,)),
            reports.SectionRow(title=say("攻撃の内容", "The attack"), lines=(open_line, assumed)),
        ),
        stamps=some_stamps(say),
        sendings=(),
        missing=(say("ランサムノート", "Ransom note"), say("概要", "Summary")),
        waits_for=(say("統括情報セキュリティ責任者", "Director"),),
        may=reports.Allowed(decide=True, send_back=True, oral=True),
        deciders=(frame.Option(value="p-1", label=say("中村 隆", "Takashi Nakamura")),),
        duties=(option,), offices=(option,), channels=(option,), mail_channels=(option,), official=(option,),
    )  # fmt: skip


def report_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Name, frame and view of the pages about reports."""
    say, here = Words(language), a_frame(language, "incident")
    yield "reports", here, a_list(say)
    wrong = frame.Form(errors={"form": "choice_missing"}, key="k-12")
    yield "reports_wrong", here, replace(a_list(say), form=wrong)
    yield "reports_empty", here, replace(a_list(say), rows=(), forms=())
    report = a_report(say)
    yield "report", here, report
    own = reports.Allowed(own_draft=True, oral=True)
    yield "report_own_draft", here, replace(report, may=own)
    sent = reports.SendingRow(
        addressee=say("都道府県", "Prefecture"), channel=say("LGWANメール", "LGWAN mail"), at=NOW, acknowledged_at=NOW,
        receipt="R8-77", by=say("佐藤 和也", "Kazuya Sato"),
    )  # fmt: skip
    oral = replace(
        report, state=ReportState.ORAL, paper_due=True, sendings=(sent, replace(sent, at=None, acknowledged_at=None)),
        may=reports.Allowed(consent=True, send=True, send_back=True), drill=True,
    )  # fmt: skip
    yield "report_oral", here, oral
    errors = {"channel": "choice_unknown", "at": "time_in_future"}
    yield "report_wrong", here, replace(oral, send_form=frame.Form(errors=errors, typed={"receipt": "7"}, key="k-13"))
    refused = frame.Form(errors={"form": "report_council_open"}, params={"posts": "csirt-head"}, key="k-14")
    yield "report_refused", here, replace(report, stamp_form=refused)
    done = replace(
        report, state=ReportState.APPROVED, review_due=True, waits_for=(), may=reports.Allowed(review=True, send=True)
    )
    yield "report_review", here, done
    gone = replace(report, state=ReportState.REPLACED, sections=(), newer="w-9", waits_for=(), missing=(),
                   may=reports.Allowed())  # fmt: skip
    yield "report_erased", here, gone
