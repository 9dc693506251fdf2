"""What a use case is given: the session, the instant, the actor, the city, and the one way to record."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from csirt.guard import mask
from csirt.model.city import City
from csirt.model.people import Actor
from csirt.record.entry import EntryKind
from csirt.store.ledger import Code, EntryDraft, Stamp
from csirt.store.tables.runs import RunDueRow
from csirt.store.vault import Sealed, Vault


@dataclass(frozen=True, slots=True)
class Look:
    """What a question is given that only reads."""

    session: Session
    vault: Vault


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing to mistake when read aloud


def new_id(prefix: str) -> str:
    """A short opaque id, 60 random bits: `i-7k2m9x4q1v8z`."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(12))


class Tx:
    """One commit in the making."""

    def __init__(self, session: Session, shared: Stamp, city: City, vault: Vault) -> None:
        """Made by `Database.commit` only."""
        self.session = session
        self.city = city
        self.vault = vault
        self._stamp = shared
        self.drafts: list[EntryDraft] = []
        self.woke = False

    @property
    def now(self) -> datetime:
        """The instant of this commit, UTC."""
        return self._stamp.at

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self._stamp.actor

    def record(
        self,
        kind: EntryKind,
        *,
        incident: str | None = None,
        run: str | None = None,
        step: str | None = None,
        cid: str | None = None,
        out: Mapping[str, Code | list[str]] | None = None,
        texts: Mapping[str, str] | None = None,
        raws: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Add an entry; returns the commitment of each text by its name.

        `out` holds codes and numbers. `texts` (masked) and `raws` (as they arrived) go into the vault, and only their
        commitments into the entry.
        """
        draft = EntryDraft(kind, incident, run, step, cid, dict(out or {}))
        for name, text in (texts or {}).items():
            draft.sealed.append(self._seal(mask(text), incident, "text", name))
        for name, text in (raws or {}).items():
            draft.sealed.append(self._seal(text, incident, "raw", name))
        self.drafts.append(draft)
        return {sealed.name: sealed.c for sealed in draft.sealed}

    def _seal(self, text: str, incident: str | None, cls: str, name: str) -> Sealed:
        scope = f"incident:{incident}" if incident else f"day:{self.now:%Y-%m-%d}"
        return self.vault.seal(self.session, text, scope=scope, inc=incident, cls=cls, name=name)

    def wake(self, run: str | None) -> None:
        """Say that a run has something new to look at."""
        if run and (due := self.session.get(RunDueRow, run, with_for_update=True)):
            due.wake += 1
            self.session.add(due)
            self.woke = True
