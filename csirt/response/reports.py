"""Reports to the authorities: the fact sheet frozen under a form, as 第1報, 第2報 and so on.

A draft is never changed. A new one of the same report takes the place of the last; once that was sent, the next draft
is the next report.
"""

import secrets

from csirt.era import jst_date
from csirt.errors import NotFound
from csirt.model.approval import ReportState
from csirt.model.authority import Permission, must
from csirt.model.report import ReportForm, Snapshot, filled, hash_of
from csirt.record.entry import EntryKind
from csirt.response import repeats
from csirt.store.ledger import Code
from csirt.store.queries.facts import current
from csirt.store.queries.reports import newest
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.reports import ReportRow
from csirt.store.tx import Look, Tx, new_id


def draft(tx: Tx, incident: str, form: str, kind: str = "", *, request_key: str | None = None) -> str:
    """Freeze the fact sheet under a form and let the draft go round; returns its id.

    The edition is the one in force today. `kind` is one of the form's, the first if empty. The same `request_key` again
    drafts nothing.

    Raises:
        Forbidden: this actor may not draft reports.
        NotFound: there is no such incident.
        Invalid: no such form or kind, or no edition of it in force.
    """
    must(tx.actor, Permission.DRAFT_REPORT)
    if known := repeats.recorded(tx, request_key):
        return str(known["report"])
    row = tx.session.get(IncidentRow, incident, with_for_update=True)
    if row is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    shape = tx.city.forms.form(form)
    last = newest(tx.session, incident, form)
    number, revision = _next(last)
    snapshot = _frozen(tx, row, shape, shape.kind(kind).code, number, revision)
    text = snapshot.to_text()
    route = tx.city.reports.route(form)
    made = ReportRow(
        id=new_id("w"), incident=incident, form=form, edition=snapshot.edition, kind=snapshot.kind, number=number,
        revision=revision, state=ReportState.CIRCULATING.value, sha256=hash_of(text), snapshot_c="",
        council=list(route.council), decider=route.decider, oral=route.oral, drafted_by=tx.actor.id, drafted_at=tx.now,
    )  # fmt: skip
    out: dict[str, Code | list[str]] = {
        "report": made.id, "form": form, "edition": made.edition, "number": number, "revision": revision,
        "sha256": made.sha256, "missing": len(snapshot.missing(shape)),
        **({"report_kind": made.kind} if made.kind else {}),
    }  # fmt: skip
    out |= _replaced(tx, last)
    sealed = tx.record(
        EntryKind.REPORT_DRAFTED, incident=incident, cid=repeats.cid_of(request_key), out=out, raws={"snapshot": text}
    )
    made.snapshot_c = sealed["snapshot"]
    tx.session.add(made)
    return made.id


def _replaced(tx: Tx, last: ReportRow | None) -> dict[str, str]:
    """The draft whose place the new one takes; nothing where it was sent."""
    if last is None or last.sent_at is not None:
        return {}
    last.state = ReportState.REPLACED.value
    tx.session.add(last)
    return {"instead_of": last.id}


def _next(last: ReportRow | None) -> tuple[int, int]:
    """The number of the report and that of its draft."""
    if last is None:
        return 1, 1
    return (last.number, last.revision + 1) if last.sent_at is None else (last.number + 1, 1)


def _frozen(tx: Tx, row: IncidentRow, form: ReportForm, kind: str, number: int, revision: int) -> Snapshot:
    edition = form.edition_on(jst_date(tx.now)).name
    look = Look(tx.session, tx.vault)
    title = tx.vault.texts(tx.session, [row.title_c]).get(row.title_c, "")
    rules = tx.city.reports
    return Snapshot(
        incident=row.id, form=form.id, edition=edition, kind=kind, number=number, revision=revision, made_at=tx.now,
        nonce=secrets.token_hex(16),
        case={
            "fiscal_year": row.fiscal_year, "ordinal": row.ordinal, "drill": row.drill, "sample": tx.city.sample,
            "title": title, "type": row.type, "level": row.level, "proposed_level": row.proposed_level,
            "city_ja": tx.city.name_ja, "city_en": tx.city.name_en, "desk_ja": rules.desk_ja, "desk_en": rules.desk_en,
            "phone": rules.phone, "mail": rules.mail,
        },
        fields=filled(form.fields_of(edition, kind), current(look, row.id)),
    )  # fmt: skip
