"""権限: who may do what in this product, and who decides what in the city."""

from dataclasses import dataclass
from typing import ClassVar

from csirt.texts.authority import ToldPermission


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision in words. `here`: what of this product stands for it, or nothing."""

    what: str
    decider: str
    basis: str
    here: str = ""
    uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRow:
    """One permission; `mine` where the reader has it."""

    told: ToldPermission
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The page. `rules` are what stands above the table; `source` is where the decisions come from."""

    template: ClassVar[str] = "authority.html"
    permissions: tuple[PermissionRow, ...]
    decisions: tuple[DecisionRow, ...]
    source: str = ""
    rules: tuple[str, ...] = ()
