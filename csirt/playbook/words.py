"""Sets of choices that many playbooks share; their words stand in `playbooks/texts/common.toml`."""

from csirt.model.incident import Level
from csirt.model.step import APPROVE_OR_REFUSE, DONE_OR_CANNOT, YES_NO, Choice

LEVELS = tuple(Choice(f"level_{level.value}", needs_reason=True) for level in Level)
YES_NO_UNKNOWN = (Choice("yes"), Choice("no", needs_reason=True), Choice("unknown"))
PROPOSE_OR_NOT = (Choice("propose", needs_reason=True), Choice("do_not_propose", needs_reason=True))

__all__ = ["APPROVE_OR_REFUSE", "DONE_OR_CANNOT", "LEVELS", "PROPOSE_OR_NOT", "YES_NO", "YES_NO_UNKNOWN"]
