"""The fields of an answer: what each one takes. Kept with the question, so that a form outlives its playbook's code."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from csirt.model.step import Json

TEXT_MOST = 4000


class FormKind(StrEnum):
    """What a field takes. Its value is recorded as JSON: a whole number, or a text."""

    NUMBER = "number"
    TIME = "time"  # an instant, recorded in ISO 8601 on the clock of Japan
    DAY = "day"  # recorded as 2026-11-22
    TEXT = "text"
    CHOICE = "choice"  # one of `options`
    FILE = "file"  # a piece of the incident's evidence, by its id


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. `least` and `most` bound a number; `most` is the length of a text."""

    name: str
    kind: FormKind = FormKind.TEXT
    required: bool = False
    options: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    def to_plain(self) -> dict[str, Json]:
        """As JSON, for the store and for the API."""
        return {
            "name": self.name, "kind": self.kind.value, "required": self.required, "options": list(self.options),
            "least": self.least, "most": self.most,
        }  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Mapping[str, Json]) -> "FormField":
        """From what `to_plain` gave."""
        options, least, most = plain["options"], plain["least"], plain["most"]
        return cls(
            name=str(plain["name"]),
            kind=FormKind(str(plain["kind"])),
            required=plain["required"] is True,
            options=tuple(map(str, options)) if isinstance(options, list) else (),
            least=least if isinstance(least, int) else None,
            most=most if isinstance(most, int) else None,
        )
