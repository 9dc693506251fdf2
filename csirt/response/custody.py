"""The room of evidence: contents go in before their entry, come out after it, are hashed again in time."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta

from csirt.errors import LeaseLost, NotFound, Untrusted
from csirt.logs import log
from csirt.model.evidence import Evidence, EvidenceState
from csirt.model.people import SYSTEM
from csirt.response import evidence
from csirt.response.door import Door
from csirt.response.evidence import ToCheck
from csirt.store.evidence_files import EvidenceFiles, Kept, Writer
from csirt.store.queries.evidence import piece
from csirt.store.tx import Look

SOON = timedelta(hours=1)  # until damaged evidence is looked at again: a folder may only have been out of reach
_FOUND = {"evidence_changed": EvidenceState.CHANGED, "evidence_missing": EvidenceState.MISSING}


class Custody:
    """Keeps the contents of evidence."""

    def __init__(self, door: Door, files: EvidenceFiles, check_every: timedelta) -> None:
        """`check_every`: how long until a whole piece is hashed again."""
        self._door = door
        self.files = files
        self._every = check_every

    @property
    def most(self) -> int:
        """How many bytes one piece may have."""
        return self.files.most

    def begin(self, incident: str) -> Writer:
        """A new file of an incident; `keep` it, then `evidence.collect` it in a commit.

        Raises:
            NotFound: the texts of this incident, and with them its key, were erased.
            Unavailable: `disk_full`, `evidence_not_written`.
        """
        return self.files.begin(incident, self._key(incident))

    def read(self, one: Evidence) -> Iterator[bytes]:
        """The content, every piece genuine. Whoever is given it was recorded before (`evidence.access`).

        Raises:
            NotFound: `evidence_erased`.
            Untrusted: `evidence_changed`, `evidence_missing`; in the middle of reading, too.
        """
        return self.files.read(one.incident, one.address, self._key(one.incident))

    def seal_again(self, pieces: Iterable[Evidence], key: bytes) -> dict[str, Kept]:
        """Seal pieces of one incident under another key, beside where they lie; where each lies then, by its id.

        Raises:
            Untrusted: a piece is damaged: what cannot be read cannot be kept.
            Unavailable: `disk_full`, `evidence_not_written`.
        """
        kept = {}
        for one in pieces:
            with self.files.begin(one.incident, key) as writer:
                for some in self.read(one):
                    writer.write(some)
                kept[one.id] = writer.keep()
        return kept

    def look_at(self, one: Evidence) -> EvidenceState:
        """Hash a piece again. Raises `NotFound` where it was erased, `Unavailable` where the disk does not answer."""
        digest = hashlib.sha256()
        size = 0
        try:
            for some in self.read(one):
                digest.update(some)
                size += len(some)
        except Untrusted as error:
            return _FOUND[error.code]
        same = (digest.hexdigest(), size) == (one.sha256, one.size)
        return EvidenceState.WHOLE if same else EvidenceState.CHANGED

    def check_one(self) -> bool:
        """Hash one piece that is due and record what was found; says whether there was one."""
        held = self._door.commit(SYSTEM, evidence.claim_check)
        if held is None:
            return False
        try:
            self._check(held)
        except NotFound:
            self._door.commit(SYSTEM, evidence.forget_check, held)
        except LeaseLost:
            log().warning("evidence.lease_lost", evidence=held.evidence)
        return True

    def _check(self, held: ToCheck) -> None:
        found = self.look_at(self._door.look(piece, held.evidence))
        again = self._every if found is EvidenceState.WHOLE else SOON
        if self._door.commit(SYSTEM, evidence.checked, held, found, again):
            log().error("evidence.damaged", evidence=held.evidence, incident=held.incident, found=found.value)

    def _key(self, incident: str) -> bytes:
        def key(look: Look) -> bytes:
            return look.vault.file_key(look.session, f"incident:{incident}")

        try:
            return self._door.look(key)
        except Untrusted as error:
            if error.code != "vault_key_erased":
                raise
            raise NotFound("evidence_erased") from None
