"""What a use case is given: the session, the instant, the actor, the city, and the one way to record."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from csirt.errors import NotFound
from csirt.guard import declared_numbers, mask
from csirt.model.city import City
from csirt.model.people import Actor
from csirt.record.entry import EntryKind
from csirt.store.ledger import Code, EntryDraft, Stamp
from csirt.store.sight import unseen
from csirt.store.tables.runs import RunDueRow
from csirt.store.vault import Row, Sealed, Vault


@dataclass(frozen=True, slots=True)
class Look:
    """What a question is given that only reads."""

    session: Session
    vault: Vault


_MACHINES = frozenset({"system", "token", "mail"})  # what they send cannot declare anything
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing to mistake when read aloud


def new_id(prefix: str) -> str:
    """A short opaque id, 60 random bits: `i-7k2m9x4q1v8z`."""
    return f"{prefix}-" + "".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(12))


class Tx:
    """One commit in the making."""

    def __init__(self, session: Session, shared: Stamp, city: City, vault: Vault, *, many_hosts: bool = False) -> None:
        """Made by `Database.commit` only. `many_hosts`: others with clocks of their own may write here as well."""
        self.session = session
        self.city = city
        self.vault = vault
        self._stamp = shared
        self.drafts: list[EntryDraft] = []
        self.woke = False
        self._many_hosts = many_hosts

    @property
    def lease_now(self) -> datetime:
        """The instant by which leases are given and run out: the database's, where several hosts share one.

        Two hosts whose clocks differ by more than a lease would otherwise take each other's work away at once. The
        fence would keep the record whole even then, but an effect outside might happen twice. Whoever only asks
        whether something may be due (`due_now`) goes by their own clock: that costs a look in vain, or a takeover
        that comes later by the difference.
        """
        if not self._many_hosts:
            return self.now
        at: datetime = self.session.execute(select(func.clock_timestamp())).scalar_one()
        return at

    @property
    def stamp(self) -> Stamp:
        """What all entries of this transaction share."""
        return self._stamp

    @property
    def now(self) -> datetime:
        """The instant of this commit, UTC."""
        return self._stamp.at

    @property
    def boot(self) -> str:
        """Which boot of the machine this is: `mono` is comparable within it."""
        return self._stamp.boot

    @property
    def mono(self) -> int:
        """Milliseconds on the clock that is never set."""
        return self._stamp.mono

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
        held: list[Row] | None = None,
    ) -> dict[str, str]:
        """Add an entry; returns the commitment of each text by its name.

        `out` holds codes and numbers. `texts` (masked) and `raws` (as they arrived) go into the vault, and only their
        commitments into the entry. `held` gathers the sealed rows for whoever stores many at once (`Vault.keep`).

        Raises:
            NotFound: the incident is hidden from the actor: nobody changes what they may not see.
        """
        if incident is not None and incident in unseen(self.session):
            raise NotFound("incident_unknown", incident=incident[:40])
        draft = EntryDraft(kind, incident, run, step, cid, dict(out or {}))
        self.note_declared(texts or {}, incident)
        told = [("text", name, self.masked(text)) for name, text in (texts or {}).items()]
        told += [("raw", name, text) for name, text in (raws or {}).items()]
        rows: list[Row] = [] if held is None else held
        for cls, name, text in told:
            sealed, row = self._seal(text, incident, cls, name)
            draft.sealed.append(sealed)
            rows.append(row)
        if held is None:
            self.vault.keep(self.session, rows)
        self.drafts.append(draft)
        return {sealed.name: sealed.c for sealed in draft.sealed}

    @property
    def _is_person(self) -> bool:
        return self.actor.auth not in _MACHINES

    def masked(self, text: str) -> str:
        """A text as it is kept. What is recorded among `raws` and a person typed must come through here."""
        return mask(text, declared=self._is_person)

    def note_declared(self, texts: Mapping[str, str], incident: str | None) -> None:
        """That somebody declared a number to be none is an entry of its own, before the one that holds the text."""
        for name, text in texts.items():
            if self._is_person and (number := declared_numbers(text)):
                out: dict[str, Code | list[str]] = {"field": name, "numbers": number}
                self.drafts.append(EntryDraft(EntryKind.GUARD_OVERRIDDEN, incident, out=out))

    def _seal(self, text: str, incident: str | None, cls: str, name: str) -> tuple[Sealed, Row]:
        scope = f"incident:{incident}" if incident else f"day:{self.now:%Y-%m-%d}"
        return self.vault.seal(self.session, text, scope=scope, inc=incident, cls=cls, name=name)

    def wake(self, run: str | None) -> None:
        """Say that a run has something new to look at."""
        if run and (due := self.session.get(RunDueRow, run, with_for_update=True)):
            if due.wake == due.seen:
                due.woken_at = self.now
            due.wake += 1
            self.session.add(due)
            self.woke = True
