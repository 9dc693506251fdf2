"""Containment by people and by outside systems, and the way back of each: hosts, addresses, accounts.

Which system carries an order out stands in the city's `systems.toml`. Where none does, or one gives up, a person is
asked to do it by hand.
"""

from pydantic import BaseModel

from csirt.model.order import OrderKind
from csirt.model.step import Json
from csirt.playbook import Act, Choice, File, Responder, Role, Time, action, escalate, minutes
from csirt.playbook.words import DONE_OR_CANNOT


class Isolation(BaseModel):
    """When the terminal left the network, and a photograph of its screen if there is one."""

    done_at: Time
    photo: File | None = None


def isolate(respond: Responder) -> None:
    """The terminal leaves the network and stays switched on; the wider cut is decided by the post that may."""
    respond.ask(
        "isolate_terminal",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=DONE_OR_CANNOT,
        fields=Isolation,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal"),
    )
    # Not to cut is a decision too, and never one of the clock: in time it goes to the CISO.
    respond.ask(
        "cut_segment",
        who="post:director",
        within=minutes(30),
        choices=(Choice("cut", needs_reason=True), Choice("do_not_cut", needs_reason=True)),
        showing=["gather_facts", "isolate_terminal"],
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )


@action(within=minutes(3), tries=5, slow=True)
def isolate_hosts(act: Act, hosts: list[Json] | None = None) -> Json:
    """Cut hosts off the network by EDR; without a list those of the case. They stay switched on."""
    return _of_the_case(act, OrderKind.ISOLATE, hosts, "hosts")


@action(within=minutes(3), tries=5, slow=True)
def release_hosts(act: Act, hosts: list[Json], reason: str) -> Json:
    """Let isolated hosts back onto the network, for a reason."""
    return act.order(OrderKind.RELEASE, hosts, reason)


@action(within=minutes(3), tries=5, slow=True, by_hand=Role.OFFICER)
def block_addresses(act: Act, addresses: list[Json] | None = None) -> Json:
    """Block addresses or domains at the security cloud; without a list the attackers of the case."""
    return _of_the_case(act, OrderKind.BLOCK, addresses, "attackers")


@action(within=minutes(3), tries=5, slow=True, by_hand=Role.OFFICER)
def unblock_addresses(act: Act, addresses: list[Json], reason: str) -> Json:
    """Take blocks back, for a reason."""
    return act.order(OrderKind.UNBLOCK, addresses, reason)


@action(within=minutes(3), tries=5, slow=True)
def disable_accounts(act: Act, accounts: list[Json]) -> Json:
    """Lock accounts in the directory, so that a stolen password opens nothing."""
    return act.order(OrderKind.DISABLE_ACCOUNT, accounts)


@action(within=minutes(3), tries=5, slow=True)
def enable_accounts(act: Act, accounts: list[Json], reason: str) -> Json:
    """Unlock accounts, for a reason."""
    return act.order(OrderKind.ENABLE_ACCOUNT, accounts, reason)


def _of_the_case(act: Act, kind: OrderKind, given: list[Json] | None, fact: str) -> Json:
    """For what is given or, without a list, for what the detections name; where they name nothing, nothing is done."""
    targets = act.facts().get(fact) if given is None else given
    if not isinstance(targets, list) or not targets:
        return {"order": kind.value, "systems": []}
    return act.order(kind, targets)
