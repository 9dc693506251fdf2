"""Puts reports into the values that their pages are drawn from."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from csirt.documents import report_words
from csirt.era import jst_date
from csirt.form_filling import official_forms
from csirt.model.approval import SENDABLE, Act, ReportState
from csirt.model.authority import Permission, may
from csirt.model.duty import DutyState
from csirt.model.incident import IncidentView
from csirt.model.report import FormKind, ReportForm
from csirt.model.report_forms import OFFICES_READ_MAIL
from csirt.response.duties import CHANNELS
from csirt.store.queries import cases, duties
from csirt.store.queries import reports as questions
from csirt.store.queries.duties import DutyView
from csirt.store.queries.reports import ReportView, SendingView, StampView
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords
from csirt.texts.reports import ReportLine, ReportWords
from csirt.web.api.words import Words
from csirt.web.pages.forms import new_key
from csirt.web.session import Visit
from csirt.web.views.frame import Form, Option
from csirt.web.views.reports import (
    Allowed,
    FormOption,
    LineRow,
    Report,
    ReportList,
    ReportRow,
    SectionRow,
    SendingRow,
    StampRow,
)


def rows_of(look: Look, visit: Visit, words: Words, incident: str) -> tuple[ReportRow, ...]:
    """The reports of an incident, newest first; drafts whose place another one took are left out."""
    speak = report_words(visit.desk, words.name.words)
    found = questions.reports(look, incident)
    return tuple(_row(one, words, speak) for one in found if one.state is not ReportState.REPLACED)


def sheet_of(look: Look, visit: Visit, incident: str, form: Form | None) -> ReportList:
    """The list, and what may be drafted."""
    view = cases.incident(look, incident)
    words = Words(visit.desk, look, visit)
    return ReportList(
        id=view.id,
        fiscal_year=view.fiscal_year,
        ordinal=view.ordinal,
        title=view.title,
        drill=view.drill,
        rows=rows_of(look, visit, words, view.id),
        forms=tuple(_options(look, visit, words, view)) if may(visit.actor, Permission.DRAFT_REPORT) else (),
        form=form or Form(key=new_key()),
    )


def drafts_for(visit: Visit, rule: str, type_: str) -> tuple[Option, ...]:
    """The forms with which a duty may be met, to be drafted at once by a button; none for who may not draft."""
    if not may(visit.actor, Permission.DRAFT_REPORT):
        return ()
    on = jst_date(visit.desk.clock.now())
    return tuple(
        Option(value=f"{form.id}:{kind.code}", label=_label(form, kind, visit.language))
        for form, kind in visit.desk.door.city.forms.serving(rule, on, type_)
    )


def page_of(look: Look, visit: Visit, view: ReportView, forms: Mapping[str, Form]) -> Report:
    """The page of one draft."""
    case = cases.incident(look, view.incident)
    words = Words(visit.desk, look, visit)
    speak = report_words(visit.desk, words.name.words)
    lines = speak.lines(view.snapshot, questions.before(look, view)) if view.snapshot else []
    newest = questions.newest(look.session, view.incident, view.form)
    page = Report(
        id=view.id,
        incident=view.incident,
        fiscal_year=case.fiscal_year,
        ordinal=case.ordinal,
        drill=case.drill,
        title=speak.title(view.snapshot) if view.snapshot else speak.label(view.form),
        form_label=speak.label(view.form),
        edition=view.edition,
        edition_source=_edition_source(visit, view),
        revision=view.revision,
        state=view.state,
        sha256=view.sha256,
        sections=tuple(_sections(lines, speak, view)),
        stamps=tuple(_stamps(view, words)),
        sendings=tuple(_sending(one, words) for one in view.sendings),
        missing=tuple(one.label for one in lines if one.missing),
        waits_for=tuple(words.name.post(post) for post in view.sheet.waits_for),
        paper_due=_paper_due(view),
        review_due=view.sheet.waits_for_review,
        newer=newest.id if newest is not None and newest.id != view.id else "",
        may=_allowed(visit, view),
    )
    return _with_forms(_with_choices(look, visit, words, view, page), forms)


def _edition_source(visit: Visit, view: ReportView) -> str:
    known = visit.desk.door.city.forms.forms.get(view.form)
    return next((one.source for one in known.editions if one.name == view.edition), "") if known else ""


def _with_choices(look: Look, visit: Visit, words: Words, view: ReportView, page: Report) -> Report:
    """What its forms let a reader choose from."""
    speak, city = words.name.words, visit.desk.door.city
    return replace(
        page,
        deciders=_deciders(visit, words, view) if page.may.oral else (),
        duties=_duties(look, visit, words, view) if page.may.send else (),
        offices=tuple(Option(value=one.id, label=words.name(f"office:{one.id}")) for one in city.offices.values()),
        channels=tuple(Option(value=one, label=speak.gettext(f"report_channel.{one}")) for one in CHANNELS),
        official=tuple(
            Option(value=one.name.removesuffix(".toml"), label=one.title)
            for one in official_forms(visit.desk, view.form, view.edition)
        ),
        mail_channels=tuple(
            Option(value=one, label=speak.gettext(f"report_channel.{one}")) for one in OFFICES_READ_MAIL
        ),
    )


def _with_forms(page: Report, forms: Mapping[str, Form]) -> Report:
    """The forms that came back, and fresh ones."""
    fresh = {name: forms.get(name) or Form(key=new_key()) for name in ("stamp", "return", "oral", "send", "mail")}
    return replace(
        page, stamp_form=fresh["stamp"], return_form=fresh["return"], oral_form=fresh["oral"],
        send_form=fresh["send"], mail_form=fresh["mail"],
    )  # fmt: skip


def _row(view: ReportView, words: Words, speak: ReportWords) -> ReportRow:
    lines = speak.lines(view.snapshot) if view.snapshot else []
    return ReportRow(
        id=view.id,
        title=speak.title(view.snapshot) if view.snapshot else speak.label(view.form),
        form=speak.label(view.form),
        revision=view.revision,
        state=view.state,
        at=view.drafted_at,
        by=words.name(view.drafted_by),
        missing=sum(one.missing for one in lines),
        waits_for=tuple(words.name.post(post) for post in view.sheet.waits_for),
        sent_at=view.sent_at,
        paper_due=_paper_due(view),
        review_due=view.sheet.waits_for_review,
    )


def _paper_due(view: ReportView) -> bool:
    return view.state is ReportState.ORAL


def _options(look: Look, visit: Visit, words: Words, case: IncidentView) -> Iterator[FormOption]:
    """Those in force, first those that an open duty asks for, then those made for this type of incident."""
    city, on = visit.desk.door.city, jst_date(visit.desk.clock.now())
    tell = DutyWords(city.law, words.name.words)
    stand = [one.rule for one in duties.duties(look, case.id, open_only=True)]
    found: list[tuple[bool, bool, int, FormOption]] = []
    for form in city.forms.forms.values():
        edition = next((one for one in form.editions if one.is_valid(on)), None)
        for kind in form.kinds if edition else ():
            served = tuple(rule for rule in stand if rule in kind.duties)
            fits = not form.types or case.type.value in form.types
            option = FormOption(
                value=f"{form.id}:{kind.code}", label=_label(form, kind, visit.language),
                edition=edition.name if edition else "", served=tuple(tell.label(rule) for rule in served if fits),
            )  # fmt: skip
            found.append((not fits, not option.served, len(found), option))
    yield from (option for *_, option in sorted(found, key=lambda one: one[:3]))


def _label(form: ReportForm, kind: FormKind, language: str) -> str:
    name = kind.label(language)
    return f"{form.label(language)} {name}".strip()


def _sections(lines: list[ReportLine], speak: ReportWords, view: ReportView) -> Iterator[SectionRow]:
    if view.snapshot is None:
        return
    for name, title in speak.sections(view.snapshot).items():
        rows = tuple(
            LineRow(
                label=one.label, text=one.text, trust=one.trust, source=one.source, required=one.required,
                missing=one.missing, changed=one.changed, before=one.before,
            )
            for one in lines
            if one.section == name
        )  # fmt: skip
        if rows:
            yield SectionRow(title=title, lines=rows)


def _stamps(view: ReportView, words: Words) -> Iterator[StampRow]:
    """起案 first, then every stamp in order, then those still to come."""
    speak = words.name.words.gettext
    yield StampRow(act=speak("report_act.draft"), post="", name=words.name(view.drafted_by), at=view.drafted_at)
    for one in view.stamps:
        yield _stamp(one, words)
    if view.sheet.waits_for:
        for post in view.sheet.council_left:
            yield StampRow(act=speak("report_act.consent"), post=words.name.post(post))
        yield StampRow(act=speak("report_act.approve"), post=words.name.post(view.decider))
    if view.sheet.waits_for_review:
        yield StampRow(act=speak("report_act.review"), post=words.name.post(view.decider))


def _stamp(one: StampView, words: Words) -> StampRow:
    return StampRow(
        act=words.name.words.gettext(f"report_act.{one.act}"), post=words.name.post(one.post),
        name=words.name(one.person), at=one.at, by=words.name(one.by) if one.by != one.person else "", text=one.text,
    )  # fmt: skip


def _sending(one: SendingView, words: Words) -> SendingRow:
    is_office = one.addressee.startswith("office:")
    speak = words.name.words
    return SendingRow(
        addressee=words.name(one.addressee) if is_office else speak.gettext(f"addressee.{one.addressee}"),
        channel=speak.gettext(f"report_channel.{one.channel}"), at=one.sent_at, acknowledged_at=one.acknowledged_at,
        receipt=one.receipt, by=words.name(one.by),
    )  # fmt: skip


def _allowed(visit: Visit, view: ReportView) -> Allowed:
    sheet, me, posts = view.sheet, visit.actor.id, visit.actor.posts
    stamps = may(visit.actor, Permission.APPROVE_REPORT)
    goes_round = bool(sheet.waits_for)
    has_stamped = any(one.person == me and one.act in {Act.CONSENT, Act.APPROVE, Act.PROXY} for one in view.stamps)
    mine = stamps and goes_round and me != view.drafted_by and not has_stamped
    post = visit.known.posts.get(view.decider)
    return Allowed(
        consent=mine and not posts.isdisjoint(sheet.council_left),
        decide=mine and view.decider in posts and not sheet.council_left,
        send_back=stamps and goes_round and not posts.isdisjoint({*view.council, view.decider}),
        oral=view.oral and view.state is ReportState.CIRCULATING and may(visit.actor, Permission.DRAFT_REPORT),
        review=stamps and sheet.waits_for_review and post is not None and post.holder == me != view.drafted_by,
        send=view.state in SENDABLE and may(visit.actor, Permission.REPORT_DUTY),
        own_draft=me == view.drafted_by,
    )


def _deciders(visit: Visit, words: Words, view: ReportView) -> tuple[Option, ...]:
    post = visit.known.posts.get(view.decider)
    order = post.acting_order if post else ()
    return tuple(Option(value=one, label=words.name(one)) for one in order if one != view.drafted_by)


def _duties(look: Look, visit: Visit, words: Words, view: ReportView) -> tuple[Option, ...]:
    """The duties of the case that this report may meet, open ones first."""
    form = visit.desk.door.city.forms.forms.get(view.form)
    served = {rule for kind in (form.kinds if form else ()) if kind.code == view.kind for rule in kind.duties}
    tell = DutyWords(visit.desk.door.city.law, words.name.words)
    stand = [one for one in duties.duties(look, view.incident) if one.rule in served]
    return tuple(
        Option(value=one.id, label=_duty_label(one, tell)) for one in stand if one.state is not DutyState.LAPSED
    )


def _duty_label(one: DutyView, tell: DutyWords) -> str:
    return f"{tell.label(one.rule)} ({tell.words.gettext(f'duty_state.{one.state.value}')})"
