"""`csirt assignment`: who has what in hand."""

from pathlib import Path

from tests.cli.calling import Called, call


def test_an_assignment_is_claimed_handed_over_and_sent_up(data: Path) -> None:
    def desk(*arguments: object) -> Called:
        return call("assignment", *arguments, "--json", "--data", data)

    waiting = call("assignments", "--json", "--data", data).rows
    id_ = next(row["id"] for row in waiting if row["step"] == "isolate_terminal")
    first = desk("claim", id_, "--as", "m.takahashi").row
    assert "高橋" in first["taken_by_name"]
    late = desk("claim", id_, "--as", "n.ito")
    assert (late.code, late.error["error"], late.error["params"]["by"]) == (5, "assignment_taken", first["taken_by"])
    assert "伊藤" in desk("claim", id_, "--as", "n.ito", "--instead-of", "m.takahashi").row["taken_by_name"]
    back = desk("hand-over", id_, "--as", "n.ito", "--to", "m.takahashi", "--note", "鍵は守衛室。").row
    assert back["taken_by"] == first["taken_by"]
    assert desk("take-back", id_, "--as", "n.ito").code == 0
    assert desk("give-back", id_, "--as", "n.ito").row["taken_by"] is None
    assert desk("cannot", id_, "--as", "n.ito", "--reason", "鍵がない。").row["who"] == "role:officer"
    assert desk("send-back", id_, "--as", "k.sato", "--reason", "守衛室にある。").row["who"] == "role:system_manager"
    assert "高橋" in call("assignment", "claim", id_, "--as", "m.takahashi", "--data", data).out
