"""Who decides what in an incident, as dated data: what the page of authorities says beside the permission table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from csirt.model.authority import Permission
from csirt.model.fact import invalid, text_of
from csirt.model.people import Role

_KEYS = frozenset(
    {
        "id", "ja", "en", "decider_ja", "decider_en", "by", "permission", "basis", "uncertain", "valid_from",
        "valid_to",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision and who makes it. `by`: roles of ours that may; `permission`: what stands for it in this product."""

    id: str
    ja: str
    en: str
    decider_ja: str
    decider_en: str
    by: frozenset[Role]
    permission: Permission | None
    basis: str
    uncertain: bool
    valid_from: date
    valid_to: date | None = None

    def label(self, language: str) -> str:
        """What is decided, in words."""
        return self.ja if language == "ja" else self.en

    def decider(self, language: str) -> str:
        """Who decides, in words."""
        return self.decider_ja if language == "ja" else self.decider_en

    def is_valid(self, on: date) -> bool:
        """Is it in force on a day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class DeciderBook:
    """All decisions, in the order of the file, and where they come from."""

    decisions: tuple[Decision, ...] = ()
    source: str = ""

    def on(self, day: date) -> tuple[Decision, ...]:
        """Those in force on a day."""
        return tuple(one for one in self.decisions if one.is_valid(day))


def deciders_from(mapping: Mapping[str, object], file: str) -> DeciderBook:
    """The decisions of a parsed TOML file: `source`, list `decision`.

    Raises:
        Invalid: `law_data_invalid`; `file` and `key` name the place.
    """
    rows = mapping.get("decision")
    if not isinstance(rows, list):
        raise invalid(file, "decision")
    found = tuple(_decision(row, file, f"decision[{n}]") for n, row in enumerate(rows))
    return DeciderBook(found, text_of(mapping, "source", file, "source"))


def _decision(row: object, file: str, at: str) -> Decision:
    if not isinstance(row, Mapping) or (unknown := sorted(set(row) - _KEYS)):
        raise invalid(file, f"{at}.{unknown[0]}" if isinstance(row, Mapping) else at)
    texts = {name: text_of(row, name, file, f"{at}.{name}") for name in ("id", "ja", "en", "decider_ja", "decider_en")}
    begins, ends, by = row.get("valid_from"), row.get("valid_to"), row.get("by")
    if type(begins) is not date or (ends is not None and type(ends) is not date):
        raise invalid(file, f"{at}.valid_from")
    try:
        roles = frozenset(Role(str(one)) for one in (by if isinstance(by, list) else [""]))
        permission = Permission(row["permission"]) if "permission" in row else None
    except ValueError as error:
        raise invalid(file, f"{at}.by") from error
    return Decision(
        **texts, by=roles, permission=permission, basis=text_of(row, "basis", file, f"{at}.basis"),
        uncertain=row.get("uncertain") is True, valid_from=begins, valid_to=ends,
    )  # fmt: skip
