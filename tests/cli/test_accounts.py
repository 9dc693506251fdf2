"""What `./run` says at its end of who may sign in."""

import re
from pathlib import Path

from csirt.cli.demo_end import SHOWN, accounts
from csirt.model.people import Roster
from tests.world import World


def test_the_sample_accounts_say_whom_a_step_waits_for(world: World) -> None:
    directory = world.desk.directory
    told = {uid: (password, duty) for uid, password, duty in accounts(Roster(directory.people(), directory.posts()))}
    assert told["s.watanabe"][0] == "s.watanabe-naruto"
    assert "CSIRT責任者" in told["s.watanabe"][1]
    assert "情報セキュリティ担当" in told["k.sato"][1]
    assert all(duty for _, duty in told.values())


def test_the_readme_names_the_same_accounts() -> None:
    for name in ("README.md", "README.ja.md"):
        table = re.findall(r"^\| `([a-z]\.[a-z]+)` \|", Path(name).read_text(encoding="utf-8"), re.MULTILINE)
        assert tuple(table) == SHOWN, name
