"""The small playbooks of the features, by the names that the features give them."""

from collections.abc import Callable

from csirt.errors import Unavailable
from csirt.model.step import DONE_OR_CANNOT, AtDeadline
from csirt.playbook import (
    Action,
    Disposition,
    Playbook,
    Responder,
    Role,
    choose,
    escalate,
    seconds,
    stop_the_run,
)
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


def ask_until(at_deadline: AtDeadline) -> Made:
    def body(respond: Responder) -> Disposition:
        respond.ask("agree", who=Role.OFFICER, within=seconds(10), at_deadline=at_deadline)
        return respond.close(Disposition.BENIGN)

    return play_of(body), ()


def isolate_then_agree(respond: Responder) -> Disposition:
    respond.ask("isolate", who=Role.SYSTEM_MANAGER, choices=DONE_OR_CANNOT)
    respond.approve("agree", who=Role.SYSTEM_MANAGER, asked_in=["isolate"])
    return respond.close(Disposition.BENIGN)


def propose_to_the_ciso(respond: Responder) -> Disposition:
    respond.ask("propose", who=Role.OFFICER)
    respond.approve("agree", who="post:ciso", asked_in=["propose"])
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
    "管理者に隔離を頼み、別の管理者が認める": lambda: (play_of(isolate_then_agree), ()),
    "窓口が提案し、CISOが認める": lambda: (play_of(propose_to_the_ciso), ()),
    "遅い処理と並べて尋ねる": lambda: (play_of(slow_beside_question), (leave_slow_mark,)),
    "十秒で打ち切って尋ねる": lambda: ask_until(choose("yes")),
    "十秒で上へ引き継いで尋ねる": lambda: ask_until(escalate(to="post:ciso")),
    "十秒で止まるつもりで尋ねる": lambda: ask_until(stop_the_run()),
    "外部から二度失敗して取得する": lambda: fetching(2),
    "外部から取得できない": lambda: fetching(99),
}
NEXT_VERSION: dict[str, Playbook] = {"別のことを尋ねる": play_of(ask_something_else, version=2)}
