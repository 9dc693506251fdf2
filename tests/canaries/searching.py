"""Whatever a city leaves on a disk, as text in which canaries can be looked for: tables, mails, sheets, papers."""

import io
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

import openpyxl

from tests.programs import find_program


def plain(row: tuple[Any, ...]) -> str:
    """A row of a table as one line."""
    return " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in row)


def tables(database: Path) -> Iterator[tuple[str, str]]:
    """Every table of an SQLite database, by its name."""
    with closing(sqlite3.connect(database)) as opened:
        for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = opened.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 - names out of the database itself
            yield name, "\n".join(map(plain, rows))


def raw_files(database: Path) -> Iterator[tuple[str, str]]:
    """The bytes of a database and of its journal, where what was deleted may still lie."""
    for path in sorted(database.parent.glob(f"{database.name}*")):
        yield path.name, path.read_bytes().decode("utf-8", "replace")


def readable(path: Path) -> str:
    """What somebody reads who opens this file."""
    raw = path.read_bytes()
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(raw))
        return "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row if cell.value is not None)
    if path.suffix == ".eml":
        return "\n".join(_said(message_from_bytes(raw)))
    if path.suffix == ".pdf":
        pdftotext = find_program("pdftotext")
        return subprocess.run([str(pdftotext), path, "-"], capture_output=True, text=True, check=True).stdout
    if path.name == "payloads.jsonl":
        return "\n".join(json.loads(line)["text"] for line in raw.splitlines())
    return raw.decode("utf-8", "replace")


def _said(mail: Message) -> Iterator[str]:
    """Headers and parts of a mail, decoded."""
    for part in mail.walk():
        yield from (f"{name}: {make_header(decode_header(value))}" for name, value in part.items())
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content.decode(part.get_content_charset() or "utf-8", "replace")
