"""`csirt assignment`: who has what in hand."""

from pathlib import Path

from tests.cli.calling import Called, call


def test_an_assignment_is_claimed_handed_over_and_sent_up(data: Path) -> None:
    def desk(*arguments: object) -> Called:
        return call("assignment", *arguments, "--json", "--data", data)

    waiting = call("assignments", "--json", "--data", data).rows
    id_ = next(row["id"] for row in waiting if row["step"] == "propose_level")
    first = desk("claim", id_, "--as", "m.takahashi").row
    assert "高橋" in first["taken_by_name"]
    late = desk("claim", id_, "--as", "n.ito")
    assert (late.code, late.error["error"], late.error["params"]["by"]) == (5, "assignment_taken", first["taken_by"])
    assert "伊藤" in desk("claim", id_, "--as", "n.ito", "--instead-of", "m.takahashi").row["taken_by_name"]
    refused = desk("hand-over", id_, "--as", "n.ito", "--to", "m.takahashi")  # no officer
    assert (refused.code, refused.error["error"]) == (2, "person_may_not")
    assert "佐藤" in desk("hand-over", id_, "--as", "n.ito", "--to", "k.sato", "--note", "x").row["taken_by_name"]
    assert "伊藤" in desk("take-back", id_, "--as", "n.ito").row["taken_by_name"]
    assert desk("give-back", id_, "--as", "n.ito").row["taken_by"] is None
    assert desk("cannot", id_, "--as", "k.sato", "--reason", "判断できない。").row["who"] == "role:csirt_head"
    assert desk("send-back", id_, "--as", "s.watanabe", "--reason", "表を見よ。").row["who"] == "role:officer"
    assert "佐藤" in call("assignment", "claim", id_, "--as", "k.sato", "--data", data).out


def test_something_is_asked_beside_the_playbook_and_waived(data: Path) -> None:
    given = ("--json", "--data", data)
    asked = call("assignment", "ask", "R8-1", "--as", "k.sato", "--of", "n.ito", "--text", "鍵を借りる", *given).row
    mine = call("assignments", "--mine", "n.ito", *given).rows
    assert [row["title"] for row in mine if row["id"] == asked["id"]] == ["鍵を借りる"]
    done = call("assignment", "waive", asked["id"], "--as", "k.sato", "--reason", "不要", *given).row
    assert (done["open"], done["choice"]) == (False, "cancelled")
