"""How a case ends: whatever was taken off goes back when two people say so, and measures are on the list."""

from csirt.playbook import Responder, Role, days, hours
from csirt.playbook.words import DONE_OR_CANNOT, PROPOSE_OR_NOT


def go_back_on(respond: Responder, shown: list[str]) -> None:
    """The CISO lets a system back on, on the word of CSIRT and after a look at the steps `shown` (四つの目)."""
    ready = respond.ask(
        "propose_reconnection", who=Role.CSIRT_HEAD, within=days(3), choices=PROPOSE_OR_NOT, showing=shown
    )
    if ready.choice == "propose":
        respond.approve(
            "approve_reconnection",
            who="post:ciso",
            asked_in=["propose_reconnection"],
            within=hours(8),
            showing=[*shown, "propose_reconnection"],
        )


def prevent(respond: Responder) -> None:
    """Measures with owner and due date are on the list before the case closes."""
    respond.ask("set_measures", who=Role.CSIRT_HEAD, within=days(14), choices=DONE_OR_CANNOT)
    respond.ask("agree_to_close", who=Role.CSIRT_HEAD, within=days(14), choices=DONE_OR_CANNOT)
