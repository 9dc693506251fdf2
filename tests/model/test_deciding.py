"""Who decides what: the data is whole, and this product lets those decide who decide."""

from datetime import date
from typing import Any

import pytest

from csirt import founding
from csirt.errors import Invalid
from csirt.model.authority import ALLOWED
from csirt.model.deciding import deciders_from

RAW = founding.read_toml(founding.LAW / "deciders.toml")
BOOK = deciders_from(RAW, "deciders.toml")


def test_every_decision_of_the_guideline_is_there() -> None:
    assert {one.id for one in BOOK.on(date(2026, 11, 22))} == {
        "unplug_terminal", "cut_network", "stop_system", "block_on_cloud", "is_it_an_incident", "report_to_ministry",
        "report_to_ppc", "press_release", "pay_ransom", "reconnect", "discipline",
    }  # fmt: skip
    assert BOOK.on(date(2026, 11, 21)) == ()


def test_who_decides_may_do_here_what_stands_for_it() -> None:
    lacking = [(one.id, role) for one in BOOK.decisions if one.permission for role in one.by - ALLOWED[one.permission]]
    assert lacking == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"by": ["mayor"]}, "decision[0].by"),
        ({"by": "ciso"}, "decision[0].by"),
        ({"permission": "fly"}, "decision[0].by"),
        ({"valid_from": "2026-11-22"}, "decision[0].valid_from"),
        ({"ja": " "}, "decision[0].ja"),
        ({"whim": 1}, "decision[0].whim"),
    ],
)
def test_a_mistake_names_its_place(change: dict[str, Any], key: str) -> None:
    row = {**RAW["decision"][0], **change}
    with pytest.raises(Invalid, match="law_data_invalid") as error:
        deciders_from({**RAW, "decision": [row]}, "deciders.toml")
    assert error.value.params["key"] == key
