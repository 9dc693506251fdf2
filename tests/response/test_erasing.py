"""What is erased is gone from every copy, and the record verifies as before."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from csirt import erasing as carrying_out
from csirt.errors import Conflict, Forbidden, NotFound, Untrusted
from csirt.model.erasure import ErasureBasis
from csirt.model.people import Actor
from csirt.record.verify_record import Bad
from csirt.response import audit, drafts, erasing, evidence, incidents
from csirt.response.destroyed import Destroyed
from csirt.store.queries.drafts import draft
from csirt.store.queries.erasures import ErasableText, erasable
from csirt.store.queries.evidence import evidence_of
from csirt.store.tables.record import LedgerRow, VaultKeyRow
from csirt.store.tx import Look
from tests.world import World, found_world

SECRET = "鳴門 太郎さんの病歴"
OTHER = "端末を隔離した。"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = found_world(tmp_path)
    with closing(made.desk):
        yield made


def noted(world: World, *texts: str) -> str:
    """A closed case with these notes."""
    incident = world.open(title="誤送信")
    for text in texts:
        world.desk.commit(world.person("k.sato"), incidents.add_note, incident, text)
    return incident


def texts_of(world: World, incident: str) -> list[ErasableText]:
    return world.desk.look(erasable, incident)


def chosen(world: World, incident: str, text: str) -> list[str]:
    return [one.c for one in texts_of(world, incident) if one.text == text]


def propose(world: World, incident: str, texts: list[str], *pieces: str, whole: bool = False) -> str:
    return world.desk.commit(
        world.person("r.kato"), erasing.propose, incident, texts, pieces, ErasureBasis.PERSON_ASKED, "本人の請求",
        whole=whole,
    )  # fmt: skip


def everything_on_disk(world: World) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in world.desk.settings.data.rglob("*") if path.is_file()}


def signed_in(world: World, uid: str) -> Actor:
    """Somebody who may do what their roles say, and no more."""
    return replace(world.person(uid), auth="ldif")


def test_one_text_goes_and_the_others_stay(world: World) -> None:
    incident = noted(world, SECRET, OTHER)
    carrying_out.approve(
        world.desk, world.person("a.kobayashi"), propose(world, incident, chosen(world, incident, SECRET))
    )
    left = [one.text for one in texts_of(world, incident)]
    assert SECRET not in left
    assert OTHER in left
    found = world.desk.look(audit.verify)
    assert (found.ok, found.why) == (True, None)
    world.desk.commit(world.person("k.sato"), incidents.add_note, incident, "続きのメモ")
    assert "続きのメモ" in [one.text for one in texts_of(world, incident)]


def test_no_key_on_this_machine_opens_it_any_more(world: World) -> None:
    """Whoever kept the database of before, with every byte of it, has nothing that unwraps the old data key."""
    incident = noted(world, SECRET)
    before = world.desk.look(_wrapped, incident)
    proposed = propose(world, incident, chosen(world, incident, SECRET))
    ring = set(world.desk.settings.keys.glob("ring-*.key"))
    carrying_out.approve(world.desk, world.person("a.kobayashi"), proposed)
    assert ring
    assert not ring & set(world.desk.settings.keys.glob("ring-*.key"))
    for path in world.desk.settings.keys.iterdir():
        with pytest.raises(Untrusted):
            _unwrap_with(world, path, before)


def _wrapped(look: Look, incident: str) -> VaultKeyRow:
    return look.session.exec(select(VaultKeyRow).where(VaultKeyRow.scope == f"incident:{incident}")).one()


def _unwrap_with(world: World, path: Path, row: VaultKeyRow) -> None:
    keys = world.desk.door.vault.ring
    assert keys is not None
    assert row.wrapped is not None
    if path.stem.startswith("ring-"):
        keys.unwrap(path.stem.removeprefix("ring-"), row.wrapped, row.id)
    else:
        world.desk.door.vault.unwrap(row.wrapped, row.id)


def behind_its_back(world: World, statement: str) -> None:
    """Somebody with the database's file in their hands."""
    with closing(sqlite3.connect(world.desk.settings.data / "csirt.sqlite")) as database, database:
        assert database.execute(statement).rowcount > 0


def test_a_key_that_no_erasure_destroyed_is_found_gone(world: World) -> None:
    """Else whoever wants a text unreadable would only have to destroy its key."""
    noted(world, OTHER)
    behind_its_back(
        world, "UPDATE vault_key SET wrapped = NULL, erased_at = '2026-11-24' WHERE scope LIKE 'incident:%'"
    )
    found = world.desk.look(audit.verify)
    first = world.kinds().index("INCIDENT_OPENED")
    assert (found.ok, found.why, found.first_bad) == (False, "erasure_unrecorded", first)
    assert found.where.startswith("vault_key:")


def test_a_text_put_under_a_key_that_was_erased_before_is_found(world: World) -> None:
    incident = noted(world, SECRET, OTHER)
    proposed = propose(world, incident, chosen(world, incident, SECRET))
    carrying_out.approve(world.desk, world.person("a.kobayashi"), proposed)
    world.desk.commit(world.person("k.sato"), incidents.add_note, incident, "後のメモ")
    (late,) = chosen(world, incident, "後のメモ")
    erased = "(SELECT id FROM vault_key WHERE wrapped IS NULL)"
    behind_its_back(world, f"UPDATE vault_payload SET key = {erased} WHERE c = '{late}'")  # noqa: S608 - a commitment
    found = world.desk.look(audit.verify)
    assert (found.why, found.first_bad) == ("erasure_unrecorded", found.size - 1)


def test_an_erased_key_that_comes_back_is_found(world: World) -> None:
    incident = noted(world, SECRET)
    proposed = propose(world, incident, chosen(world, incident, SECRET))
    carrying_out.approve(world.desk, world.person("a.kobayashi"), proposed)
    behind_its_back(world, "UPDATE vault_key SET wrapped = x'00' WHERE wrapped IS NULL")
    found = world.desk.look(audit.verify)
    erasure = world.kinds().index("PERSONAL_DATA_ERASED")
    # The key opens nothing, so its text is wrong; that is the earlier finding of the two.
    assert (found.ok, found.why) == (False, "payload_wrong")
    behind_its_back(world, "DELETE FROM vault_payload WHERE sealed = x''")
    assert not world.desk.look(audit.verify).ok
    assert [bad.code for bad in world.desk.look(_destroyed_at, erasure)] == ["erasure_undone"]


def _destroyed_at(look: Look, erasure: int) -> list[Bad]:
    """What is said of keys alone."""
    row = look.session.exec(select(LedgerRow).where(LedgerRow.seq == erasure)).one()
    destroyed = Destroyed()
    destroyed.note(erasure, json.loads(row.canonical))
    return list(destroyed.check(look.session))


def test_two_people_are_needed_and_the_first_may_not_be_the_second(world: World) -> None:
    incident = noted(world, SECRET)
    proposed = propose(world, incident, chosen(world, incident, SECRET))
    for uid in ("r.kato", "k.sato", "f.yamada", "o.sasaki"):
        with pytest.raises(Forbidden):
            carrying_out.approve(world.desk, signed_in(world, uid), proposed)
    with pytest.raises(Forbidden, match="four_eyes"):  # not even who administers the machine, in the same name
        carrying_out.approve(world.desk, world.person("r.kato"), proposed)
    with pytest.raises(Forbidden):
        world.desk.commit(
            signed_in(world, "o.sasaki"), erasing.propose, incident, [], [], ErasureBasis.OTHER, "x", whole=True
        )
    assert SECRET in [one.text for one in texts_of(world, incident)]
    carrying_out.approve(world.desk, world.person("a.kobayashi"), proposed)
    with pytest.raises(Conflict):
        carrying_out.approve(world.desk, world.person("t.nakamura"), proposed)


def test_a_rejected_proposal_erases_nothing(world: World) -> None:
    incident = noted(world, SECRET)
    proposed = propose(world, incident, chosen(world, incident, SECRET))
    world.desk.commit(world.person("a.kobayashi"), erasing.reject, proposed, "保存期間が残っている。")
    assert SECRET in [one.text for one in texts_of(world, incident)]


def test_texts_of_another_case_are_out_of_reach(world: World) -> None:
    mine, other = noted(world, OTHER), noted(world, SECRET)
    with pytest.raises(NotFound):
        propose(world, mine, chosen(world, other, SECRET))
    with pytest.raises(NotFound):
        propose(world, mine, [], "v-nothing")


def test_what_a_running_playbook_needs_is_kept_until_it_has_ended(world: World) -> None:
    incident = world.open()
    world.work()
    with pytest.raises(Conflict, match="erasure_still_needed"):
        propose(world, incident, [], whole=True)


def test_a_whole_case_goes_with_its_evidence_and_what_lay_in_the_clear(world: World) -> None:
    incident = noted(world, SECRET)
    kept = keep(world, incident, b"memory of the terminal", "memory.raw")
    carrying_out.approve(world.desk, world.person("a.kobayashi"), propose(world, incident, [], whole=True))
    assert [one.text for one in texts_of(world, incident)] == ["本人の請求"]
    (piece,) = world.desk.look(evidence_of, incident)
    assert (piece.id, piece.name, piece.state.value) == (kept, "", "erased")
    with pytest.raises((NotFound, Untrusted)):
        b"".join(world.desk.custody.read(piece))
    assert not [path for path in world.desk.settings.evidence.rglob("*") if path.is_file()]
    assert world.desk.look(audit.verify).ok


def keep(world: World, incident: str, content: bytes, name: str) -> str:
    with world.desk.custody.begin(incident) as writer:
        writer.write(content)
        kept = writer.keep()
    return world.desk.commit(world.person("k.sato"), evidence.collect, incident, kept, name)


def test_one_piece_of_evidence_goes_and_the_other_stays_readable(world: World) -> None:
    incident = noted(world, OTHER)
    gone, stays = keep(world, incident, b"victim", "victim.jpg"), keep(world, incident, b"log" * 200_000, "proxy.log")
    before = {one.id: one for one in world.desk.look(evidence_of, incident)}
    old = (world.desk.settings.evidence / incident / before[gone].address).read_bytes()
    carrying_out.approve(world.desk, world.person("a.kobayashi"), propose(world, incident, [], gone))
    now = {one.id: one for one in world.desk.look(evidence_of, incident)}
    assert b"".join(world.desk.custody.read(now[stays])) == b"log" * 200_000
    assert (now[gone].state.value, now[stays].name) == ("erased", "proxy.log")
    assert len([path for path in world.desk.settings.evidence.rglob("*") if path.is_file()]) == 1
    (world.desk.settings.evidence / incident / before[gone].address).write_bytes(old)  # out of an older backup
    with pytest.raises(Untrusted):
        b"".join(world.desk.custody.read(before[gone]))
    keep(world, incident, b"later", "later.txt")
    assert OTHER in [one.text for one in texts_of(world, incident)]


def test_a_piece_that_comes_in_on_the_way_is_not_lost(world: World) -> None:
    incident = noted(world, OTHER)
    gone = keep(world, incident, b"victim", "victim.jpg")
    with world.desk.custody.begin(incident) as writer:
        writer.write(b"under the old key")
        kept = writer.keep()
    carrying_out.approve(world.desk, world.person("a.kobayashi"), propose(world, incident, [], gone))
    with pytest.raises(Exception, match="evidence_key_changed"):
        world.desk.commit(world.person("k.sato"), evidence.collect, incident, kept, "late.txt")


def test_what_somebody_is_typing_meanwhile_is_not_lost(world: World) -> None:
    incident = noted(world, SECRET)
    place, me = f"/incidents/{incident}/notes", world.person("k.sato")
    piece = keep(world, incident, b"victim", "victim.jpg")
    world.desk.commit(me, drafts.keep, place, {"text": "書きかけ"})
    for texts, pieces in ((chosen(world, incident, SECRET), ()), ([], (piece,))):
        carrying_out.approve(world.desk, world.person("a.kobayashi"), propose(world, incident, texts, *pieces))
    kept = world.desk.look(draft, me.id, place)
    assert kept is not None
    assert kept.fields == {"text": "書きかけ"}
    carrying_out.approve(world.desk, world.person("a.kobayashi"), propose(world, incident, [], whole=True))
    assert world.desk.look(draft, me.id, place) is None


def test_rotation_leaves_every_text_readable(world: World) -> None:
    incident = noted(world, SECRET, OTHER)
    before = [one.text for one in texts_of(world, incident)]
    assert carrying_out.rotate_keys(world.desk, world.person("o.sasaki")) == 1
    assert [one.text for one in texts_of(world, incident)] == before
    assert len(list(world.desk.settings.keys.glob("ring-*.key"))) == 1
    assert world.desk.look(audit.verify).ok


def test_a_key_left_by_a_fallen_process_is_swept_and_none_in_use(world: World) -> None:
    incident = noted(world, SECRET)
    keys = world.desk.door.vault.ring
    assert keys is not None
    left = keys.make()
    assert carrying_out.sweep(world.desk, 0.0) == 0  # it is young
    assert carrying_out.sweep(world.desk, 2e10) == 1
    assert not (world.desk.settings.keys / f"ring-{left}.key").exists()
    assert SECRET in [one.text for one in texts_of(world, incident)]


def test_an_export_opens_what_is_left_and_nothing_else(world: World) -> None:
    incident = noted(world, SECRET, OTHER)
    carrying_out.approve(
        world.desk, world.person("a.kobayashi"), propose(world, incident, chosen(world, incident, SECRET))
    )
    size = world.desk.look(audit.verify).size
    lines = world.desk.look(lambda look: list(audit.openings(look, size)))
    opened = [json.loads(line)["text"] for line in lines]
    assert SECRET not in opened
    assert OTHER in opened
