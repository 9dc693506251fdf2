"""引継ぎ書: what one shift leaves for the next stands on the board until somebody else has seen it."""

from csirt.response import incidents, shifts
from csirt.response.incidents import Report
from tests.plays import signed_in
from tests.response.seals import who
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_a_note_stands_on_the_board_until_the_next_shift_has_seen_it(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    me, next_ = visit("k.sato"), visit("s.watanabe")
    typed = me.form("/shift-notes", "/shift-notes") | {"text": "業者の折り返し待ち。", "incident": incident}
    for _ in range(2):  # pressed twice
        assert lead(me.post("/shift-notes", typed)) == "/shift-notes"
    assert played.kinds().count("SHIFT_NOTE_LEFT") == 1
    assert "業者の折り返し待ち。" in next_.text("/")
    (note,) = me.get("/api/v1/shift-notes").json()
    seen = f"/shift-notes/{note['id']}/seen"
    assert f'action="{seen}"' not in me.text("/")  # not for its author
    assert lead(next_.send("/", seen)) == "/shift-notes"
    assert "業者の折り返し待ち。" not in next_.text("/")
    assert played.kinds(incident).count("SHIFT_NOTE_SEEN") == 1


def test_the_sheet_says_what_is_open_and_who_is_waited_for(visit: Visit, played: World) -> None:
    played.open(title="脅迫文の画面")
    played.work()
    sheet = visit("s.watanabe").text("/shift-notes")
    assert "脅迫文の画面" in sheet
    assert "情報セキュリティ担当" in sheet
    answer = visit("k.sato").send("/shift-notes", "/shift-notes", text=" ")
    assert (answer.status_code, 'id="text-error"' in answer.text) == (422, True)


def test_a_note_about_a_sealed_incident_is_not_there_for_others(visit: Visit, played: World) -> None:
    ciso = who(played.desk, "a.kobayashi")
    report = Report(title="内部不正の疑い", sealed=True, readers=(ciso.id,))
    sealed = played.desk.commit(who(played.desk, "k.sato"), incidents.open_by_report, report)
    played.desk.commit(signed_in(played, "k.sato"), shifts.leave, "封をした件。", sealed)
    assert "封をした件。" in visit("a.kobayashi").text("/")
    for path in ("/", "/shift-notes", "/api/v1/shift-notes"):
        assert "封をした件。" not in visit("s.watanabe").text(path)
