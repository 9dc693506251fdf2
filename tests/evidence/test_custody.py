"""Evidence as facts: collected once, every access recorded, hashed again, erased with its incident."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from csirt.errors import Forbidden, Invalid, LeaseLost, NotFound
from csirt.model.evidence import NAME_MOST, EvidenceState, checked_name
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.response import evidence
from csirt.store.evidence_files import Kept
from csirt.store.queries.evidence import custody, evidence_of, piece
from csirt.store.tables.record import LedgerRow, VaultKeyRow
from csirt.store.tx import Tx
from tests.plays import assert_sound, entries, signed_in
from tests.world import World


def keep(world: World, incident: str, content: bytes = b"log line\n") -> Kept:
    with world.desk.custody.begin(incident) as writer:
        writer.write(content)
        return writer.keep()


def collected(world: World, incident: str, name: str = "proxy.log", content: bytes = b"log line\n") -> str:
    kept = keep(world, incident, content)
    return world.desk.commit(signed_in(world, "k.sato"), evidence.collect, incident, kept, name)


def content(world: World, id_: str) -> bytes:
    return b"".join(world.desk.custody.read(world.desk.look(piece, id_)))


def on_disk(world: World, id_: str) -> Path:
    one = world.desk.look(piece, id_)
    return world.desk.settings.evidence / one.incident / one.address


def test_a_piece_has_its_chain_of_custody(world: World) -> None:
    incident = world.open()
    id_ = collected(world, incident, "脅迫文.png", b"\x89PNG")
    officer, auditor = signed_in(world, "k.sato"), signed_in(world, "f.yamada")
    world.desk.commit(auditor, evidence.access, id_)
    world.desk.commit(officer, evidence.export, id_)
    world.desk.commit(officer, evidence.hand_over, id_, "徳島県警察", "受領書 第5号")
    one = world.desk.look(piece, id_)
    assert (one.name, one.size, one.sha256) == ("脅迫文.png", 4, hashlib.sha256(b"\x89PNG").hexdigest())
    chain = world.desk.look(custody, one)
    assert [entry.kind.value.removeprefix("EVIDENCE_") for entry in chain] == [
        "COLLECTED", "ACCESSED", "EXPORTED", "HANDED_OVER",
    ]  # fmt: skip
    assert chain[0].texts == {"name": "脅迫文.png", "sha256": one.sha256}
    assert chain[3].texts == {"to": "徳島県警察", "reason": "受領書 第5号"}
    assert chain[1].actor == auditor.id
    assert_sound(world)


def test_an_entry_holds_neither_name_nor_hash(world: World) -> None:
    incident = world.open()
    id_ = collected(world, incident, "山田太郎の端末.log")
    with world.desk.read() as session:
        from_record = b"".join(session.exec(select(LedgerRow.canonical)).all())
    sha256 = world.desk.look(piece, id_).sha256
    assert sha256.encode() not in from_record
    assert "山田".encode() not in from_record


def test_a_request_that_comes_twice_collects_once(world: World) -> None:
    incident = world.open()
    kept = keep(world, incident)
    officer = signed_in(world, "k.sato")
    first = world.desk.commit(officer, evidence.collect, incident, kept, "a", request_key="r1")
    assert world.desk.commit(officer, evidence.collect, incident, kept, "a", request_key="r1") == first
    other = world.desk.commit(officer, evidence.collect, incident, kept, "a", request_key="r2")
    assert [one.id for one in world.desk.look(evidence_of, incident)] == sorted([first, other])


def test_a_commit_that_fails_afterwards_takes_the_piece_back(world: World) -> None:
    incident = world.open()
    kept = keep(world, incident)

    def answer(tx: Tx) -> None:
        evidence.collect(tx, incident, kept, "a", step="secure_evidence")
        raise Invalid("text_missing")

    with pytest.raises(Invalid):
        world.desk.commit(signed_in(world, "k.sato"), answer)
    assert world.desk.look(evidence_of) == []


HOSTILE = [
    ("../../../etc/passwd", "passwd"),
    ("C:\\Users\\山田\\証拠.txt", "証拠.txt"),
    ("", "file"),
    ("..", "file"),
    ("a/b/", "file"),
    ("a\r\nSet-Cookie: x\x00.txt", "a Set-Cookie: x .txt"),
    ("evil\u202egnp.exe", "evil\ufffdgnp.exe"),
    ("\udcff\udcfe", "\ufffd\ufffd"),
    ("<script>alert(1)</script>.html", "script>.html"),
    ("あ" * 300 + ".log", "あ" * (NAME_MOST - 4) + ".log"),
    ("x" * 300, "x" * NAME_MOST),
]


@pytest.mark.parametrize(("given", "kept"), HOSTILE)
def test_a_name_is_one_safe_line(given: str, kept: str) -> None:
    assert checked_name(given) == kept


def test_a_name_with_an_individual_number_is_refused_and_nothing_recorded(world: World) -> None:
    incident = world.open()
    with pytest.raises(Invalid, match="my_number_refused"):
        collected(world, incident, "123456789018.pdf")
    assert world.desk.look(evidence_of) == []
    with pytest.raises(Invalid, match="my_number_refused"):
        world.desk.commit(
            signed_in(world, "k.sato"), evidence.hand_over, collected(world, incident), "1234-5678-9018", "x"
        )


def test_who_may_not_is_refused(world: World) -> None:
    incident = world.open()
    kept, id_ = keep(world, incident), collected(world, incident)
    auditor, manager = signed_in(world, "f.yamada"), signed_in(world, "m.takahashi")
    with pytest.raises(Forbidden):
        world.desk.commit(auditor, evidence.collect, incident, kept, "a")
    with pytest.raises(Forbidden):
        world.desk.commit(manager, evidence.hand_over, id_, "警察", "x")
    with pytest.raises(NotFound):
        world.desk.commit(manager, evidence.access, "v-nothing")


def test_evidence_is_hashed_again_after_a_day_and_then_every_week(world: World) -> None:
    incident = world.open()
    collected(world, incident)
    assert not world.chores.check_evidence()
    world.clock.forward(timedelta(days=1))
    assert world.chores.check_evidence()
    assert not world.chores.check_evidence()
    (checked,) = entries(world, incident, "EVIDENCE_CHECKED")
    assert (checked.out["found"], checked.actor) == ("whole", SYSTEM.id)
    world.clock.forward(timedelta(days=6))
    assert not world.chores.check_evidence()
    world.clock.forward(timedelta(days=1))
    assert world.chores.check_evidence()


@pytest.mark.parametrize("how", ["changed", "missing"])
def test_damage_raises_the_alarm_once_and_repair_is_recorded(world: World, how: str) -> None:
    incident = world.open()
    id_ = collected(world, incident)
    path = on_disk(world, id_)
    raw = path.read_bytes()
    path.unlink() if how == "missing" else path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    world.clock.forward(timedelta(days=1))
    world.chores.check_evidence()
    assert world.desk.look(piece, id_).state.value == how
    for _ in range(3):
        world.clock.forward(timedelta(hours=1))
        world.chores.check_evidence()
    assert [entry.out["found"] for entry in entries(world, incident, "EVIDENCE_CHECKED")] == [how]
    path.write_bytes(raw)
    world.clock.forward(timedelta(hours=1))
    world.chores.check_evidence()
    assert world.desk.look(piece, id_).state is EvidenceState.WHOLE
    assert_sound(world)


def test_two_workers_do_not_both_record_a_check(world: World) -> None:
    incident = world.open()
    collected(world, incident)
    world.clock.forward(timedelta(days=1))
    first = world.desk.commit(SYSTEM, evidence.claim_check)
    assert world.desk.commit(SYSTEM, evidence.claim_check) is None
    assert first is not None
    world.clock.forward(evidence.LEASE)
    second = world.desk.commit(SYSTEM, evidence.claim_check)
    assert second is not None
    with pytest.raises(LeaseLost):
        world.desk.commit(SYSTEM, evidence.checked, first, EvidenceState.WHOLE, timedelta(days=7))
    world.desk.commit(SYSTEM, evidence.checked, second, EvidenceState.WHOLE, timedelta(days=7))
    assert len(entries(world, incident, "EVIDENCE_CHECKED")) == 1


def test_a_destroyed_key_takes_the_content_along(world: World) -> None:
    incident = world.open()
    id_ = collected(world, incident)
    one = world.desk.look(piece, id_)

    def erase(tx: Tx) -> None:
        key = tx.session.exec(select(VaultKeyRow).where(VaultKeyRow.scope == f"incident:{incident}")).one()
        key.wrapped = None
        tx.session.add(key)
        tx.record(EntryKind.PERSONAL_DATA_ERASED)

    world.desk.commit(SYSTEM, erase)
    with pytest.raises(NotFound, match="evidence_erased"):
        world.desk.custody.read(one)
    assert world.desk.look(piece, id_).name == ""
    world.clock.forward(timedelta(days=1))
    assert world.chores.check_evidence()
    world.clock.forward(timedelta(days=1))
    assert not world.chores.check_evidence()
