"""The windows on a long case: counted by the case's own numbers, whatever else was recorded between."""

from datetime import timedelta
from itertools import pairwise

from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.response import incidents
from csirt.store.queries import board, cases, statistics, timeline
from csirt.store.queries.timeline import EntryFilter, Pane
from csirt.store.tx import Tx
from tests.response.seals import sealed, who
from tests.world import World, world

__all__ = ["world"]

STEPS = ("cut_off", "cut_off[2]", "cut_off[10]")


def seqs(found: Pane) -> list[int]:
    return [entry.seq for entry in found.entries]


def test_windows_follow_one_another_without_a_gap(world: World) -> None:
    """From the newest to the oldest and back, every entry is shown once, also where cases are recorded in turns."""
    first, second = world.open(), world.open()
    for _ in range(4):
        for incident in (first, second):
            world.desk.commit(world.person("k.sato"), incidents.add_note, incident, "見た。")
    whole = [entry.seq for entry in world.desk.look(timeline.timeline, first)][::-1]
    shown: list[int] = []
    panes: list[Pane] = []
    before = None
    while len(shown) < len(whole):
        found = world.desk.look(timeline.pane, first, before, 3)
        assert (found.above, found.total) == (len(shown), len(whole))
        panes.append(found)
        shown += seqs(found)
        before = shown[-1]
    assert shown == whole
    for newer, older in pairwise(panes[1:]):
        assert seqs(world.desk.look(timeline.pane, first, older.newer, 3)) == seqs(newer)
    assert (panes[0].newer, panes[1].newer) == (None, None)  # the newest window has no `before`


def test_a_place_of_another_case_still_leads_somewhere(world: World) -> None:
    """An address with the number of a foreign entry shows what lies below it; below all of them is nothing."""
    first, second = world.open(), world.open()
    foreign = world.desk.look(timeline.timeline, second)[-1].seq
    assert seqs(world.desk.look(timeline.pane, first, foreign)) == [
        entry.seq for entry in world.desk.look(timeline.timeline, first)[::-1] if entry.seq < foreign
    ]
    assert world.desk.look(timeline.pane, first, 0).entries == []
    assert world.desk.look(timeline.pane, "i-unknown") == Pane([], 0, 0)


def test_a_step_is_found_with_its_items_and_with_nothing_else(world: World) -> None:
    """By whatever index: newest first, window by window, counted, and alone with what else is asked for."""
    first, second = world.open(), world.open()
    world.notes["intruded"] = True

    def write(tx: Tx) -> None:
        for step in (
            "cut_off",
            "cut_off[2]",
            "cut_off[10]",
            "cut_offs",
            "cutXoff",
            "CUT_OFF[1]",
            "cut_off]",
            "cut_off",
        ):
            for incident in (first, second):
                tx.record(EntryKind.STEP_OPENED, incident=incident, step=step)

    for _ in range(2):
        world.desk.commit(SYSTEM, write)
    every = [one for one in world.desk.look(timeline.explore, limit=1000) if one.step in {*STEPS}]
    assert len(every) == 16
    for wanted in (EntryFilter(step="cut_off"), EntryFilter(step="cut_off", incident=second),
                   EntryFilter(step="cut_off", kind="STEP_OPENED"), EntryFilter(step="cut_off", kind="LEVEL_SET"),
                   EntryFilter(step="cut%off"), EntryFilter(step="cut_off[2]")):  # fmt: skip
        fits = [
            one.seq for one in every
            if (one.step or "").partition("[")[0] == wanted.step or one.step == wanted.step
            if wanted.incident in {"", one.incident} and wanted.kind in {"", one.kind.value}
        ]  # fmt: skip
        shown = [one.seq for one in world.desk.look(timeline.explore, wanted, limit=1000)]
        assert (shown, world.desk.look(timeline.count_entries, wanted)) == (fits, len(fits)), wanted
        for at, seq in enumerate(fits):
            below = world.desk.look(timeline.explore, wanted, before=seq, limit=3)
            assert [one.seq for one in below] == fits[at + 1 : at + 4]
            assert world.desk.look(timeline.count_entries, wanted, before=seq) == len(fits) - at - 1
            above = fits[at - 4] if at > 3 else None
            assert world.desk.look(timeline.newer_window, seq, wanted, limit=3) == above


def test_what_is_counted_is_what_the_reader_can_read(world: World) -> None:
    first, hidden = world.open(), sealed(world.desk)
    world.work()
    end, start = world.clock.now() + timedelta(days=1), world.clock.now() - timedelta(days=1)
    for desk, sees in ((world.desk, True), (world.desk.seen_by(who(world.desk, "y.tanaka")), False)):
        told = desk.look(timeline.explore, limit=10_000)
        assert any(one.incident == hidden for one in told) is sees
        for before in (None, 0, told[5].seq, told[0].seq + 1, 10**6):
            entries = desk.look(timeline.explore, before=before, limit=10_000)
            assert desk.look(timeline.count_entries, before=before) == len(entries)
        assert desk.look(board.opened_between, [start, end]) == [1 + sees]
        assert len(desk.look(statistics.cases, start, end, ())) == 1 + sees
        assert {view.id for view in desk.look(cases.incidents)} == {first, *((hidden,) if sees else ())}
        mine = desk.look(timeline.explore, incident=first, limit=10_000)
        assert [one.seq for one in mine] == [one.seq for one in told if one.incident == first]
