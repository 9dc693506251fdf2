"""監査: one entry of the record, and its proof as a file."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from csirt.errors import NotFound
from csirt.model.authority import Permission, may
from csirt.reports.labels import shown_at
from csirt.store.queries.timeline import head
from csirt.store.tx import Look
from csirt.telling_entries import ToldEntry, told_entry
from csirt.texts.catalogs import catalog
from csirt.web.pages.drawing import show
from csirt.web.session import RecordReader, Visit
from csirt.web.views.entry import ChangeRow, EntryPage, ProofBox
from csirt.web.views.frame import Fact

router = APIRouter(prefix="/audit/entries/{seq}", include_in_schema=False)
Seq = Annotated[int, Path(ge=0, lt=2**53)]


def told_of(request: Request, reader: Visit, seq: int) -> tuple[ToldEntry, int]:
    """The entry as this reader may read it, and how many there are. Raises as `told_entry`."""
    with_texts = may(reader.actor, Permission.READ_INCIDENTS)

    def question(look: Look) -> tuple[ToldEntry, int]:
        told = told_entry(
            look, reader.desk, seq, reader.language, with_texts=with_texts, ever=reader.ever,
            known=request.app.state.subtrees,
        )  # fmt: skip
        return told, head(look)[0]

    return reader.desk.look(question)


def proof_file(told: ToldEntry) -> Response:
    """The proof as a file to keep. Raises `NotFound` `proof_not_yet`."""
    if not told.proof.file:
        raise NotFound("proof_not_yet", seq=told.sealed.seq)
    named = f'attachment; filename="entry-{told.sealed.seq}.tlog-proof"'
    return Response(told.proof.file, media_type="text/plain; charset=utf-8", headers={"Content-Disposition": named})


@router.get("")
def show_entry(request: Request, reader: RecordReader, seq: Seq) -> Response:
    """Who, when, before, after, why; and the proof in words."""
    told, size = told_of(request, reader, seq)
    return show(request, reader, _page(told, size, reader), "audit")


@router.get("/proof")
def give_proof(request: Request, reader: RecordReader, seq: Seq) -> Response:
    """The proof, to be checked without us."""
    return proof_file(told_of(request, reader, seq)[0])


def _page(told: ToldEntry, size: int, reader: Visit) -> EntryPage:
    seq, proof = told.sealed.seq, told.proof
    reads = may(reader.actor, Permission.READ_INCIDENTS)
    return EntryPage(
        seq=seq,
        kind=told.kind_text,
        text=told.text,
        facts=_facts(told, reader.language),
        reasons=tuple(Fact(label=label, value=text) for label, text in told.reasons),
        changes=tuple(
            ChangeRow(of=one.of, label=one.label, before=one.before, after=one.after) for one in told.changes
        ),
        proof=ProofBox(
            state=proof.state.value,
            text=proof.text,
            line=proof.line,
            signed_at=proof.signed_at,
            path=proof.path,
            file=f"/audit/entries/{seq}/proof" if proof.file else "",
        ),
        raw=told.raw.decode(),
        leaf=told.leaf,
        incident_href=f"/incidents/{told.sealed.inc}" if told.number and reads else "",
        older=f"/audit/entries/{seq - 1}" if seq else "",
        newer=f"/audit/entries/{seq + 1}" if seq + 1 < size else "",
    )


def _facts(told: ToldEntry, language: str) -> tuple[Fact, ...]:
    words, sealed = catalog(language), told.sealed
    said = (
        ("entry.at", shown_at(sealed.ts, "ja" if language == "ja" else "en")),
        ("entry.who", told.who),
        ("entry.by_which_way", told.way),
        ("incident.number", told.number),
        ("entry.step", told.step_text),
    )
    return tuple(Fact(label=words.gettext(code), value=text) for code, text in said if text)
