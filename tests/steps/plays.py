"""The small playbooks of the features, by the names that the features give them."""

from collections.abc import Callable

from csirt.errors import Unavailable
from csirt.playbook import Action, Disposition, Playbook, Responder
from tests.plays import agree, failing, leave_mark, leave_slow_mark, play_of

Made = tuple[Playbook, tuple[Action, ...]]


def mark_then_ask(respond: Responder) -> Disposition:
    respond.do(leave_mark)
    agree(respond)
    respond.do(leave_mark, name="last_mark")
    return respond.close(Disposition.BENIGN)


def ask_something_else(respond: Responder) -> Disposition:
    respond.do(leave_mark)
    agree(respond, "agree_in_writing")
    return respond.close(Disposition.BENIGN)


def slow_beside_question(respond: Responder) -> Disposition:
    respond.side_by_side(lambda r: r.do(leave_slow_mark), agree)
    return respond.close(Disposition.BENIGN)


def fetching(failures: int) -> Made:
    fetch = failing(lambda: Unavailable("outside_down"), failures)

    def body(respond: Responder) -> Disposition:
        respond.do(fetch)
        return respond.close(Disposition.BENIGN)

    return play_of(body), (fetch,)


PLAYS: dict[str, Callable[[], Made]] = {
    "印を残して尋ねる": lambda: (play_of(mark_then_ask), ()),
    "別のことを尋ねる": lambda: (play_of(ask_something_else), ()),
    "遅い処理と並べて尋ねる": lambda: (play_of(slow_beside_question), (leave_slow_mark,)),
    "外部から二度失敗して取得する": lambda: fetching(2),
    "外部から取得できない": lambda: fetching(99),
}
NEXT_VERSION: dict[str, Playbook] = {"別のことを尋ねる": play_of(ask_something_else, version=2)}
