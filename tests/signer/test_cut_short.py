"""A signer that is ended at any of its writes: whoever starts next goes on whole."""

from pathlib import Path

import pytest

from csirt.checkpoints import CONSENT, write_durably
from csirt.record.checkpoint import open_note, verifier_line
from csirt.response import audit, sealing
from csirt.signer import NEXT_KEY, make_keys
from tests.signer.signing import ORIGIN, Seal
from tests.signer.test_signer import LOCAL, copy_database, go_on, set_back


def announce_next(seal: Seal) -> None:
    """Another key lies ready, and the record names it."""
    keys = make_keys(ORIGIN)
    (seal.world.desk.settings.signer / NEXT_KEY).write_text("".join(f"{key.to_line()}\n" for key in keys))
    seal.world.desk.commit(LOCAL, sealing.announce_key, verifier_line(keys[0].verifier), keys[0].verifier)


def broken_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """From now on the signer ends when it comes to write this file, as by a cut of power."""
    real = write_durably

    def write(path: Path, content: bytes, mode: int) -> None:
        if path.name == name:
            raise ZeroDivisionError
        real(path, content, mode)

    monkeypatch.setattr("csirt.signer.write_durably", write)
    monkeypatch.setattr("csirt.checkpoints.write_durably", write)


@pytest.mark.parametrize("name", ["signing.key", "keys.jsonl", "key.pub", "state.json", "latest.note", "status.json"])
def test_a_first_start_that_is_cut_short_is_made_up_for(seal: Seal, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    broken_at(monkeypatch, name)
    with pytest.raises(ZeroDivisionError):
        seal.sign()
    monkeypatch.undo()
    assert seal.sign() is not None
    assert seal.published.head() is not None
    assert seal.published.key() is not None


@pytest.mark.parametrize("name", ["signing.key", "keys.jsonl", "key.pub", "state.json", "latest.note", "status.json"])
def test_a_renewal_that_is_cut_short_is_made_up_for(seal: Seal, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whoever has the old key still finds the checkpoint that both keys signed."""
    seal.sign()
    old = seal.published.key()
    assert old is not None
    announce_next(seal)
    broken_at(monkeypatch, name)
    with pytest.raises(ZeroDivisionError):
        seal.sign()
    monkeypatch.undo()
    go_on(seal)
    assert seal.sign() is not None
    new = seal.published.key()
    assert new is not None
    assert new.id != old.id
    handed = [note for note, line in seal.published.handovers() if line == verifier_line(new)]
    assert any(open_note(note, old) == open_note(note, new) for note in handed)
    assert seal.published.head() is not None
    assert seal.world.desk.look(audit.verify, checkpoints=seal.published.kept()).ok


@pytest.mark.parametrize("name", ["signing.key", "keys.jsonl", "key.pub", "state.json", "latest.note", "status.json"])
def test_an_epoch_that_is_cut_short_is_begun_once_more(seal: Seal, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = seal.world.desk.settings.data
    seal.sign()
    copy_database(folder, folder / "backup")
    go_on(seal, 2)
    last = seal.sign()
    assert last is not None
    set_back(seal, folder / "backup")
    seal.world.desk.commit(LOCAL, sealing.begin_epoch, last)
    (seal.world.desk.settings.signer / CONSENT).touch()
    broken_at(monkeypatch, name)
    with pytest.raises(ZeroDivisionError):
        seal.sign()
    monkeypatch.undo()
    head = seal.sign()
    assert head is not None
    assert head.origin == f"{ORIGIN}/epoch-2"
    assert seal.published.head() == head
