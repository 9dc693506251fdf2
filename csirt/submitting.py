"""Hands each new checkpoint to witnesses (C2SP tlog-witness) and gathers their cosignatures."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from csirt.errors import Invalid
from csirt.logs import log
from csirt.record.checkpoint import parse_verifier_key
from csirt.record.verify_record import WITNESS, Bad, Checkpoint, VerifierKey, b64, open_signed

SECONDS = 5.0  # that a witness may take; a checkpoint waits for none of them
Proof = Callable[[int, int], list[bytes]]
"""The consistency proof from a size to a larger one."""


@dataclass
class Submitter:
    """One witness: where it listens, and the key that it must sign with."""

    url: str
    key: VerifierKey
    _old: int = 0
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=SECONDS, trust_env=False))

    @classmethod
    def of(cls, setting: str) -> "Submitter":
        """From `URL KEY`. Raises `Invalid` `witness_malformed`."""
        url, _, line = setting.strip().partition(" ")
        if not url.startswith(("http://", "https://")):
            raise Invalid("witness_malformed")
        key = parse_verifier_key(line.strip())
        if key.kind != WITNESS:
            raise Invalid("witness_malformed")
        return cls(url.rstrip("/"), key)

    def submit(self, note: bytes, head: Checkpoint, proof: Proof) -> bytes | None:
        """The line that this witness signed, or None: it does not answer, or it refuses, which is logged."""
        status = 0
        for _ in range(2):  # the second time with the size that the witness says it has seen
            try:
                answer = self._client.post(f"{self.url}/add-checkpoint", content=self._body(note, head, proof))
            except httpx.HTTPError as error:
                log().warning("witness.silent", witness=self.key.name, error=type(error).__name__)
                return None
            status, said = answer.status_code, answer.text.strip()
            if status == httpx.codes.OK:
                return self._checked(note, head, answer.text)
            if status != httpx.codes.CONFLICT or not self._learns(said, head):
                break
        log().error("witness.refused", witness=self.key.name, status=status)
        return None

    def _learns(self, said: str, head: Checkpoint) -> bool:
        """Take over which size the witness has seen; false if that is no news, or more than there is."""
        if not said.isdecimal() or len(said) > 15 or int(said) == self._old or int(said) > head.size:
            return False
        self._old = int(said)
        return True

    def _body(self, note: bytes, head: Checkpoint, proof: Proof) -> bytes:
        hashes = proof(self._old, head.size) if 0 < self._old < head.size else []
        lines = "".join(f"{b64(one).decode()}\n" for one in hashes)
        return f"old {self._old}\n{lines}\n".encode() + note

    def _checked(self, note: bytes, head: Checkpoint, said: str) -> bytes | None:
        """Only lines that verify are taken over."""
        for line in said.splitlines(keepends=True)[:16]:
            try:
                if open_signed(note + line.encode(), self.key)[0] == head:
                    self._old = head.size
                    return line.encode()
            except Bad:
                continue
        log().error("witness.signature_wrong", witness=self.key.name)
        return None
