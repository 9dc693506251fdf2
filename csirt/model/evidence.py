"""Evidence: files attached to an incident, with their chain of custody."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csirt.errors import Invalid
from csirt.guard import clean_line, refuse_my_number

NAME_MOST = 200  # characters of a file name that we keep; file systems end at 255 bytes


class EvidenceState(StrEnum):
    """What the last look at a stored file found."""

    WHOLE = "whole"
    CHANGED = "changed"  # its bytes are no longer those that were collected
    MISSING = "missing"  # it is not where it was put
    ERASED = "erased"  # it was destroyed by a decision, with its key


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence. `sha256` (hex) and `size` (bytes) are those of the content as it was collected.

    `address` is where the content lies in the folder of evidence. Name and hash are empty once they were erased.
    """

    id: str
    incident: str
    name: str
    size: int
    sha256: str
    address: str
    by: str
    at: datetime
    via: str
    step: str | None
    state: EvidenceState
    checked_at: datetime | None


def checked_name(name: str) -> str:
    """A file's name as we keep it: the last part of a path, one line, bounded; `file` where nothing is left.

    It is shown and sent back, never used as a path of ours.

    Raises:
        Invalid: `my_number_refused`: a 個人番号 in it.
    """
    line = clean_line(name).replace("\\", "/").rpartition("/")[2].strip()
    refuse_my_number(line, field="name")
    if len(line) > NAME_MOST:
        stem, dot, ending = line.rpartition(".")
        ending = dot + ending if dot and len(ending) <= 10 else ""
        line = (stem if ending else line)[: NAME_MOST - len(ending)] + ending
    return "file" if line in {"", ".", ".."} else line


def checked_receiver(to: str, reason: str) -> tuple[str, str]:
    """Who is given a piece of evidence and why, both said. Raises `Invalid` naming the field."""
    for field, text in (("to", to), ("reason", reason)):
        if not text.strip():
            raise Invalid("text_missing", field=field)
        refuse_my_number(text, field=field)
    return clean_line(to).strip(), reason.strip()
