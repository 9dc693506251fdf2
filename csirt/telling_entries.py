"""One entry of the record put into words: who, when, before, after, why, and its proof. For the page, API and CLI."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from csirt.bootstrap import Desk
from csirt.checkpoints import Checkpoints, checkpoints_of
from csirt.documents import Teller, teller
from csirt.era import number_text
from csirt.model.people import Roster
from csirt.record.checkpoint import open_note, paper_line
from csirt.record.entry import LedgerEntry
from csirt.record.tree import leaf_hash
from csirt.record.verify_record import Checkpoint, b64
from csirt.reports.labels import shown_at
from csirt.response import entries
from csirt.response.entries import Change, EntryDetail, Proof, Subtrees
from csirt.store.queries import cases
from csirt.store.tx import Look
from csirt.texts.catalogs import Catalog

_PEOPLE = frozenset({"owner", "who", "taken_by", "asked_by", "proxy_for", "by", "opened_by", "answered_by"})
_NOT_SHOWN = frozenset(
    {"incident", "run", "value_c", "answer_c"}
)  # the case itself, and what the sentence says already
_WORDS = {
    "type": "type",
    "level": "level",
    "proposed_level": "level",
    "status": "status",
    "disposition": "disposition",
    "source": "fact_source",
}
_REASONS = ("reason", "because", "ground")


class ProofState(StrEnum):
    """What is known of the place of an entry under the newest checkpoint. The value is also the text key."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_YET = "not_yet"  # the signer signs each minute
    NO_CHECKPOINT = "no_checkpoint"


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One value of the case: what it is of, what it is called, what it was and what it is now."""

    of: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ToldProof:
    """The proof in words; `line` is the checkpoint as it stands on paper. `file` is empty where there is none."""

    state: ProofState
    text: str
    line: str = ""
    signed_at: datetime | None = None
    path: tuple[str, ...] = ()
    file: bytes = b""


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """One entry as it is read."""

    sealed: LedgerEntry
    raw: bytes
    leaf: str
    kind_text: str
    who: str
    way: str
    number: str
    step_text: str
    text: str
    reasons: tuple[tuple[str, str], ...]
    changes: tuple[ToldChange, ...]
    proof: ToldProof


def told_entry(
    look: Look, desk: Desk, seq: int, language: str, *, with_texts: bool = True, ever: Roster | None = None,
    known: Subtrees | None = None,
) -> ToldEntry:  # fmt: skip
    """One entry with all that can be said of it. Texts of cases are told to those only who may read incidents.

    Raises:
        NotFound: `entry_unknown`.
        LedgerBroken: `record_broken`.
        Untrusted: `signature_wrong`: the newest checkpoint is signed by another key than the one beside it.
    """
    found = entries.detail(look, seq)
    told = teller(desk, look, language, [found.entry], ever)
    speak = _Speech(told, found, with_texts)
    return ToldEntry(
        sealed=found.sealed,
        raw=found.raw,
        leaf=b64(leaf_hash(found.raw)).decode(),
        kind_text=told.kind(found.entry),
        who=told.actor(found.entry),
        way=told.words.say("entry.way", {"auth": found.sealed.actor.auth, "src": found.sealed.src or "–"}),
        number=_number(look, found.entry.incident, language),
        step_text=told.step_title(found.entry),
        text=told.tell(found.entry, with_texts=with_texts),
        reasons=tuple(speak.reasons()),
        changes=tuple(speak.change(one) for one in found.changes if one.column not in _NOT_SHOWN),
        proof=_proof(look, desk, found, told, known),
    )


def _number(look: Look, incident: str | None, language: str) -> str:
    known = cases.numbers(look, [incident]).get(incident) if incident else None
    return number_text(known[0], known[1], language, drill=known[2]) if known else ""


@dataclass(frozen=True, slots=True)
class _Speech:
    """Puts the parts of an entry into words of one language."""

    told: Teller
    found: EntryDetail
    with_texts: bool

    def reasons(self) -> Iterator[tuple[str, str]]:
        """Why: the reason that somebody gave, and the code of a rule or ground."""
        words, entry = self.told.words, self.found.entry
        for name in _REASONS:
            if text := entry.texts.get(name, "") if self.with_texts else "":
                yield words.gettext("state.reason"), text
            if code := entry.out.get(name, ""):
                yield words.gettext("state.ground"), self._word((f"ground.{code}", f"level_because.{code}"), str(code))

    def change(self, one: Change) -> ToldChange:
        """One value before and after."""
        words = self.told.words
        return ToldChange(
            words.gettext(f"state_of.{one.table}"),
            words.gettext(f"state.{one.column.removesuffix('_c')}"),
            self._value(one, one.before),
            self._value(one, one.after),
        )

    def _value(self, one: Change, value: Any) -> str:
        words = self.told.words
        if value is None or value == "":
            return "–"
        if one.column.endswith("_c"):
            return self.found.texts.get(value, words.gettext("tell.gone")) if self.with_texts else "…"
        if one.column in _PEOPLE:
            return self.told.name(str(value))
        if isinstance(value, bool | datetime):
            return _plainly(words, value)
        table = f"{one.table}_state" if one.column == "state" else _WORDS.get(one.column, one.column)
        return self._word((f"{table}.{value}",), str(value))

    def _word(self, codes: tuple[str, ...], plain: str) -> str:
        words = self.told.words
        return next((words.gettext(code) for code in codes if words.has(code)), plain)


def _plainly(words: Catalog, value: bool | datetime) -> str:  # noqa: FBT001 - the value itself
    if isinstance(value, bool):
        return words.gettext("choice.yes" if value else "choice.no")
    return shown_at(value, "ja" if words.language == "ja" else "en")


# --------------------------------------------------------------------------------------------------------------- proof


def newest_head(published: Checkpoints) -> tuple[Checkpoint, bytes] | None:
    """The newest checkpoint with its note; None where there is none yet. Raises `Untrusted` `signature_wrong`."""
    note, key = published.latest(), published.key()
    return (open_note(note, key), note) if note is not None and key is not None else None


def entry_proof(
    look: Look, desk: Desk, seq: int, raw: bytes, known: Subtrees | None = None
) -> tuple[ProofState, Proof | None]:
    """How an entry stands under the newest checkpoint. Raises `Untrusted` `signature_wrong`."""
    newest = newest_head(checkpoints_of(desk.settings))
    if newest is None:
        return ProofState.NO_CHECKPOINT, None
    head, note = newest
    if seq >= head.size:
        return ProofState.NOT_YET, None
    proof = entries.prove(look, seq, raw, head, note, known)
    return (ProofState.HOLDS if proof.holds else ProofState.BROKEN), proof


def _proof(look: Look, desk: Desk, found: EntryDetail, told: Teller, known: Subtrees | None) -> ToldProof:
    words, seq = told.words, found.sealed.seq
    state, proof = entry_proof(look, desk, seq, found.raw, known)
    status = checkpoints_of(desk.settings).status()
    said: Mapping[str, int] = {"seq": seq, "size": proof.head.size if proof else 0}
    text = words.say(f"proof.{state}", said)
    if proof is None:
        return ToldProof(state, text)
    return ToldProof(
        state,
        text,
        paper_line(proof.head),
        status.when("signed_at") if status else None,
        tuple(b64(one).decode() for one in proof.path),
        proof.file,
    )
