"""Commands about reports to the authorities: draft, list, show, stamp, send, write as a document."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli.cases import Name
from csirt.cli.obligations import moment
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, say, show, show_one
from csirt.cli.wording import Words
from csirt.documents import report_document, report_words
from csirt.errors import Conflict, Invalid, NotFound, Unavailable
from csirt.form_filling import check_mapping, fill_form, read_mapping
from csirt.reports.report import ReportDocument, report_pdf
from csirt.reports.report_xlsx import report_xlsx
from csirt.response import approvals, people, report_sending
from csirt.response import reports as use_cases
from csirt.response.report_sending import Addressee
from csirt.store.queries import reports as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.reports import ReportView
from csirt.store.tx import Look
from csirt.texts.reports import ReportLine

reports = typer.Typer(no_args_is_help=True, help="Reports to the authorities. 報告書")

Report = Annotated[str, typer.Argument(help="Its id. 識別子", metavar="REPORT")]
Said = Annotated[str, typer.Option("--text", help="An opinion. 意見")]
To = Annotated[list[str], typer.Option(help="The duty that it meets, by id; an office as office:ID. 義務・送付先")]
Channel = Annotated[str, typer.Option(help="web_form, mail, lgwan-mail, phone, fax, visit, letter. 手段")]

_COLUMNS = {
    "title": "cli.column.report", "state_text": "cli.column.status", "waits_for_text": "cli.column.waits_for",
    "drafted_at": "cli.column.at", "id": "cli.column.id",
}  # fmt: skip


@reports.command()
def forms(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List the forms with their editions. 様式の一覧"""
    with open_desk(data) as desk:
        rows = [
            {"form": one.id, "label": one.label(language), "editions": [each.name for each in one.editions],
             "editions_text": ", ".join(each.name for each in one.editions),
             "kinds": [each.code for each in one.kinds], "kinds_text": ", ".join(each.code for each in one.kinds),
             "fields": len(one.fields)}
            for one in desk.door.city.forms.forms.values()
        ]  # fmt: skip
    columns = {"label": "cli.column.report", "form": "cli.column.key", "kinds_text": "cli.column.kind",
               "editions_text": "cli.column.version"}  # fmt: skip
    show(rows, columns, language, as_json=as_json)


@reports.command()
def draft(
    name: Name,
    form: Annotated[str, typer.Argument(help="The form, as `csirt reports forms` lists it. 様式", metavar="FORM")],
    uid: As,
    kind: Annotated[str, typer.Option(help="preliminary or final, where the form has them. 速報・確報の別")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Freeze the fact sheet under a form; it goes round for approval. 報告書を起案する"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        made = desk.commit(person(desk, uid), use_cases.draft, incident, form, kind)
        row = desk.look(lambda look: _row(desk, look, questions.report(look, made), language))
    show_one(row, "cli.report_drafted", language, as_json=as_json)


@reports.command("list")
def list_(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List the reports of an incident, newest first. 報告書の一覧"""

    def question(look: Look) -> list[dict[str, Any]]:
        found = questions.reports(look, resolve_incident(look, name))
        return [_row(desk, look, one, language) for one in found]

    with open_desk(data) as desk:
        show(desk.look(question), _COLUMNS, language, as_json=as_json)


@reports.command("show")
def show_(
    id_: Report,
    pdf: Annotated[Path | None, typer.Option(help="Write a PDF. PDFに書く")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write a workbook. Excelに書く")] = None,
    stamped: Annotated[bool, typer.Option(help="With its stamps, for the house. 決裁欄を付ける")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Show what a report says, or write it as a document. 報告書を表示する・文書にする"""
    with open_desk(data) as desk:
        for path, make in ((pdf, report_pdf), (xlsx, report_xlsx)):
            if path is not None:
                _write(path, make, report_document(desk, id_, language.value, stamped=stamped))
                if not as_json:
                    say(language, "cli.written", {"file": str(path)})
        if as_json:
            row = desk.look(lambda look: _row(desk, look, questions.report(look, id_), language, whole=True))
            show_one(row, "cli.report_drafted", language, as_json=True)
        elif pdf is None and xlsx is None:
            columns = {"label": "cli.column.fact", "text": "cli.column.value", "changed_text": "cli.column.changed",
                       "missing_text": "cli.column.missing", "trust_text": "cli.column.trust"}  # fmt: skip
            show(desk.look(_lines, desk, id_, language), columns, language, as_json=False)


@reports.command()
def approve(
    *,
    id_: Report,
    uid: As,
    text: Said = "",
    oral_of: Annotated[
        str, typer.Option(help="Write down that this person (account name) said yes by phone. 口頭で承認した人")
    ] = "",
    at: Annotated[str, typer.Option(help="When they did, ISO 8601; empty for now. 承認の時刻")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Stamp a report (合議・決裁・代決・後閲), or write down a yes by phone. 承認する・口頭承認を記録する"""
    with open_desk(data) as desk:
        actor = person(desk, uid)
        if oral_of:
            who = desk.look(lambda look: people.local_actor(look.session, look.vault, oral_of).id)
            desk.commit(actor, approvals.record_oral, id_, who, text, moment(at) if at else None)
        else:
            sheet = desk.look(questions.report, id_).sheet
            if sheet.waits_for_review and not sheet.waits_for:
                desk.commit(actor, approvals.review, id_, text)
            elif sheet.council_left and sheet.waits_for:
                desk.commit(actor, approvals.consent, id_, text)
            else:
                desk.commit(actor, approvals.decide, id_, text)
        row = desk.look(lambda look: _row(desk, look, questions.report(look, id_), language))
    show_one(row, "cli.report_stamped", language, as_json=as_json)


@reports.command("return")
def return_(
    id_: Report,
    uid: As,
    reason: Annotated[str, typer.Option(help="Why. 理由")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Send a draft back. 差し戻す"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), approvals.send_back, id_, reason)
        row = desk.look(lambda look: _row(desk, look, questions.report(look, id_), language))
    show_one(row, "cli.report_stamped", language, as_json=as_json)


@reports.command()
def send(
    *,
    id_: Report,
    uid: As,
    to: To,
    channel: Channel,
    at: Annotated[str, typer.Option(help="When it was sent, ISO 8601 with offset; empty for now. 送付した時刻")] = "",
    receipt: Annotated[str, typer.Option(help="Receipt number. 受付番号")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Record that an approved report was sent or handed over; it meets its duty. 報告書の送付を記録する"""
    with open_desk(data) as desk:
        when = moment(at) if at else desk.clock.now()
        made = desk.commit(person(desk, uid), report_sending.send, id_, _to(to), channel, when, receipt=receipt)
    show_one({"report": id_, "sending": made}, "cli.report_sent", language, as_json=as_json)


@reports.command()
def mail(
    *,
    id_: Report,
    uid: As,
    to: To,
    channel: Annotated[str, typer.Option(help="lgwan-mail or mail. 手段")] = "lgwan-mail",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Send an office a message about an approved report, by the outbox. 本製品から機関へ送る"""
    with open_desk(data) as desk:
        made = desk.commit(person(desk, uid), report_sending.dispatch, id_, _to(to), channel)
    show_one({"report": id_, "sending": made}, "cli.report_queued", language, as_json=as_json)


@reports.command()
def fill(
    id_: Report,
    mapping: Annotated[Path, typer.Option(help="The mapping file. 対応表")],
    out: Annotated[Path, typer.Option(help="Where the filled form goes; must not be there yet. 書き出し先")],
    form: Annotated[Path | None, typer.Option(help="The form; else that which the mapping names. 公式様式")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Write a report into an official Excel form; only its named cells change. 公式様式に記入する"""
    with open_desk(data) as desk:
        view = desk.look(questions.report, id_)
        if view.snapshot is None:
            raise NotFound("report_erased", report=id_)
        if out.exists():
            raise Conflict("file_exists", file=out.name)
        known = read_mapping(desk, mapping)
        content = fill_form(desk, view.snapshot, known, form or mapping.parent / known.file)
        try:
            out.write_bytes(content)
        except OSError as error:
            raise Unavailable("folder_not_writable", permanent=True, file=out.name) from error
    row = {"report": id_, "file": str(out), "cells": len(known.cells)}
    show_one(row, "cli.written", language, as_json=as_json)


@reports.command("check-mapping")
def check_mapping_(
    mapping: Annotated[Path, typer.Argument(help="The mapping file. 対応表")],
    form: Annotated[Path | None, typer.Option(help="The form; else that which the mapping names. 公式様式")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Check a mapping file against its form; names file, line and field of a mistake. 対応表を確かめる"""
    with open_desk(data) as desk:
        known = check_mapping(desk, mapping, form)
    row = {"mapping": known.name, "form": known.form, "file": known.file, "cells": len(known.cells)}
    show_one(row, "cli.mapping_fits", language, as_json=as_json)


def _to(parts: list[str]) -> Addressee:
    """`d-…` is a duty, `office:pref-security` an office; both may be given."""
    offices = [part.removeprefix("office:") for part in parts if part.startswith("office:")]
    duties = [part for part in parts if not part.startswith("office:")]
    if len(offices) > 1 or len(duties) > 1:
        raise Invalid("field_invalid", field="to")
    return Addressee("".join(duties), "".join(offices))


def _write(path: Path, make: Callable[[ReportDocument], bytes], document: ReportDocument) -> None:
    content = make(document)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, file=path.name) from error


def _row(desk: Desk, look: Look, view: ReportView, language: Language, *, whole: bool = False) -> dict[str, Any]:
    tell = Words.of(look, desk, language)
    speak = report_words(desk, tell.name.words)
    lines = speak.lines(view.snapshot, questions.before(look, view)) if view.snapshot else []
    fields = plain(view)
    fields.pop("snapshot", None)
    more = {"lines": [plain(one) for one in lines]} if whole else {}
    return {
        **fields,
        "report": view.id,
        "title": speak.title(view.snapshot) if view.snapshot else speak.label(view.form),
        "state_text": tell.text("report_state", view.state.value),
        "waits_for": list(view.sheet.waits_for),
        "waits_for_text": ", ".join(tell.name.post(one) for one in view.sheet.waits_for),
        "missing": [one.field for one in lines if one.missing],
        "changed": [one.field for one in lines if one.changed],
        **more,
    }


def _lines(look: Look, desk: Desk, id_: str, language: Language) -> list[dict[str, Any]]:
    view = questions.report(look, id_)
    if view.snapshot is None:
        raise NotFound("report_erased", report=id_)
    tell = Words.of(look, desk, language)
    speak = report_words(desk, tell.name.words)
    return [_line(one, tell) for one in speak.lines(view.snapshot, questions.before(look, view))]


def _line(one: ReportLine, tell: Words) -> dict[str, Any]:
    say_ = tell.name.words.gettext
    return {
        **plain(one),
        "changed_text": say_("reports.changed") if one.changed else "",
        "missing_text": say_("reports.missing") if one.missing else "",
        "trust_text": tell.text("trust", one.trust.value),
    }
