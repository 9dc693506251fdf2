"""Commands about evidence: put a file in, list, take out, hand over, hash again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one, words
from csirt.cli.tables import progress
from csirt.cli.wording import Words
from csirt.errors import Conflict, NotFound, Unavailable, Untrusted
from csirt.model.evidence import Evidence, EvidenceState
from csirt.response import evidence as use_cases
from csirt.store.evidence_files import Kept
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.evidence import evidence_of, piece
from csirt.store.tx import Look

evidence = typer.Typer(no_args_is_help=True, help="Evidence of incidents. 証拠の保全")

Incident = Annotated[str, typer.Argument(help="Id or number (R8-12). 番号", metavar="INCIDENT")]
Id = Annotated[str, typer.Argument(help="Its id. 整理番号", metavar="EVIDENCE")]
AT_ONCE = 1024 * 1024

_COLUMNS = {
    "id": "cli.column.id",
    "name": "cli.column.file",
    "size": "cli.column.size",
    "state_text": "cli.column.status",
    "at": "cli.column.at",
    "sha256": "cli.column.sha256",
}


@evidence.command()
def add(
    incident: Incident,
    file: Annotated[Path, typer.Argument(help="The file. ファイル")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Put a file in as evidence. ファイルを証拠として保全する"""
    with open_desk(data) as desk:
        actor = person(desk, uid)
        id_ = desk.look(resolve_incident, incident)
        kept = _taken(desk, id_, file, language)
        made = desk.commit(actor, use_cases.collect, id_, kept, file.name, via="cli")
        found = desk.look(lambda look: _row(Words.of(look, desk, language), piece(look, made)))
    show_one(found, "cli.evidence_added", language, as_json=as_json)


def _taken(desk: Desk, incident: str, file: Path, language: str) -> Kept:
    try:
        with file.open("rb") as source, desk.custody.begin(incident) as writer:
            total = file.stat().st_size
            with progress(words(language).gettext("evidence.add")) as tell:
                while some := source.read(AT_ONCE):
                    writer.write(some)
                    tell(writer.size, total)
            return writer.keep()
    except FileNotFoundError as error:
        raise NotFound("file_missing", file=file.name) from error
    except OSError as error:
        raise Unavailable("file_unreadable", permanent=True, file=file.name) from error


@evidence.command("list")
def list_(
    incident: Annotated[str | None, typer.Argument(help="Id or number; all if left out. 番号")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """List evidence. 証拠の一覧"""
    with open_desk(data) as desk:
        show(desk.look(_rows, desk, incident, language), _COLUMNS, language, as_json=as_json)


def _rows(look: Look, desk: Desk, incident: str | None, language: str) -> list[dict[str, Any]]:
    tell = Words.of(look, desk, language)
    return [_row(tell, one) for one in evidence_of(look, resolve_incident(look, incident) if incident else None)]


def _row(tell: Words, one: Evidence) -> dict[str, Any]:
    return {
        "id": one.id, "incident": one.incident, "name": one.name, "size": one.size, "sha256": one.sha256,
        "by": one.by, "by_name": tell.name(one.by), "at": one.at, "via": one.via, "step": one.step,
        "state": one.state, "state_text": tell.text("evidence_state", one.state.value), "checked_at": one.checked_at,
    }  # fmt: skip


@evidence.command()
def get(
    id_: Id,
    file: Annotated[Path, typer.Argument(help="Where to; must not be there yet. 書き出し先")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Write a copy to a file, checked on the way. 証拠の写しを、確かめながら書き出す"""
    with open_desk(data) as desk:
        one = desk.look(piece, id_)
        if file.exists():
            raise Conflict("file_exists", file=file.name)
        desk.commit(person(desk, uid), use_cases.export, id_)
        part = file.with_name(f".{file.name}.part")
        try:
            _write(part, desk.custody.read(one))
            part.replace(file)
        except OSError as error:
            raise Unavailable("folder_not_writable", permanent=True, folder=file.parent.name) from error
        finally:
            part.unlink(missing_ok=True)
    got = {"id": id_, "file": str(file), "size": one.size, "sha256": one.sha256}
    show_one(got, "cli.evidence_got", language, as_json=as_json)


def _write(part: Path, content: Iterator[bytes]) -> None:
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.writelines(content)
        out.flush()
        os.fsync(out.fileno())


@evidence.command()
def hand_over(
    id_: Id,
    uid: As,
    to: Annotated[str, typer.Option(help="Who was given it. 相手")],
    reason: Annotated[str, typer.Option(help="Why, number of the receipt. 理由・受領書の番号")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Record that a piece was given to somebody outside. 証拠の引渡しを記録する"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.hand_over, id_, to, reason)
    show_one({"id": id_}, "cli.evidence_handed_over", language, as_json=as_json)


@evidence.command()
def verify(
    incident: Annotated[str | None, typer.Argument(help="Id or number; all if left out. 番号")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Hash evidence again, now. 証拠のハッシュ値を今すぐ検査する"""
    bad = None
    with open_desk(data) as desk:
        tell = desk.look(Words.of, desk, language)
        rows = []
        for one in desk.look(lambda look: evidence_of(look, resolve_incident(look, incident) if incident else None)):
            if not one.sha256:
                continue
            found = desk.custody.look_at(one)
            bad = bad or (None if found is EvidenceState.WHOLE else one)
            rows.append({**_row(tell, one), "state": found, "state_text": tell.text("evidence_state", found.value)})
        show(rows, _COLUMNS, language, as_json=as_json)
    if bad:
        raise Untrusted("evidence_damaged", evidence=bad.id)
