"""Every recorded run of every version comes to the same end through today's code, from wherever it stood."""

from dataclasses import replace

import pytest

from csirt.bootstrap import load_playbooks
from csirt.founding import SAMPLE_CITY, read_toml
from csirt.model.city import City
from csirt.model.incident import Level
from csirt.model.step import StepKind
from csirt.playbook.replaying import replay
from tests.histories.recorded import History, histories

PLAYBOOKS = load_playbooks()
SETTERS = {Level(int(level)): str(post) for level, post in read_toml(SAMPLE_CITY)["level_setters"].items()}
CITY = City("", "", "", level_setters=SETTERS)
RECORDED = histories()


def named(history: History) -> str:
    return history.name


def test_every_version_of_every_playbook_has_a_recorded_run() -> None:
    assert {(one.playbook, one.version) for one in RECORDED} == set(PLAYBOOKS)


@pytest.mark.parametrize("history", RECORDED, ids=named)
def test_a_recorded_run_comes_to_its_end_again(history: History) -> None:
    found = replay(PLAYBOOKS[history.playbook, history.version], history.steps, CITY)
    assert (found.end, found.drifting, found.new) == (history.end, (), ())
    assert found.matched == tuple(history.steps)


@pytest.mark.parametrize("history", RECORDED, ids=named)
def test_a_recorded_run_goes_on_from_wherever_it_stood(history: History) -> None:
    """Cut after each step: nothing recorded is missed, and what is asked next is what was asked then."""
    keys = list(history.steps)
    for length in range(len(keys)):
        found = replay(
            PLAYBOOKS[history.playbook, history.version], {key: history.steps[key] for key in keys[:length]}, CITY
        )
        assert (found.end, found.drifting) == ("waiting", ())
        assert found.matched == tuple(keys[:length])
        assert set(found.new) <= set(keys)
        assert keys[length] in found.new


def test_a_step_of_another_name_or_kind_is_drift() -> None:
    history = next(one for one in RECORDED if one.name == "ransomware_to_the_end")
    play = PLAYBOOKS["ransomware", history.version]
    renamed = {("renamed" if key == "isolate_terminal" else key): step for key, step in history.steps.items()}
    drift = replay(play, renamed, CITY)
    assert ("renamed" in drift.drifting, "isolate_terminal" in drift.new, drift.fits) == (True, True, False)
    other = history.steps | {"set_measures": replace(history.steps["set_measures"], kind=StepKind.DO)}
    found = replay(play, other, CITY)
    assert ("set_measures" in found.drifting, found.fits) == (True, False)
