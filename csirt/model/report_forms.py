"""Reads forms and the city's rules for its reports from TOML. A mistake in the data names file and place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from csirt.model.fact import FactCatalogue, invalid, text_of
from csirt.model.report import OF_THE_CASE, FormEdition, FormField, FormKind, FormSection, ReportForm, Trust

_FIELD_KEYS = frozenset(
    {"name", "section", "ja", "en", "trust", "source", "facts", "case", "required", "editions", "kinds"}
)
ANY_FORM = "*"
OFFICES_READ_MAIL = ("lgwan-mail", "mail")


@dataclass(frozen=True, slots=True)
class ApprovalRoute:
    """Who stamps a report before it goes out: `council` (合議) in any order, then `decider` (決裁), as posts.

    `oral`: may the decider say yes by phone first and stamp the paper later?
    """

    council: tuple[str, ...]
    decider: str
    oral: bool = True


@dataclass(frozen=True, slots=True)
class ReportRules:
    """The city's own rules: routes by form, who signs as the desk, and on which channels a report may be attached."""

    routes: Mapping[str, ApprovalRoute]
    desk_ja: str = ""
    desk_en: str = ""
    phone: str = ""
    mail: str = ""
    place_ja: str = ""
    place_en: str = ""
    attach: frozenset[str] = frozenset()

    def route(self, form: str) -> ApprovalRoute:
        """The route of a form: its own, else the one for any form."""
        return self.routes.get(form) or self.routes[ANY_FORM]


def form_from(mapping: Mapping[str, object], catalogue: FactCatalogue, file: str) -> ReportForm:
    """The form of a parsed TOML file.

    Raises:
        Invalid: `law_data_invalid`; `file` and `key` name the place.
    """
    text = {key: text_of(mapping, key, file, key) for key in ("id", "ja", "en", "title_ja", "title_en")}
    editions = tuple(_edition(row, file, f"edition[{n}]") for n, row in enumerate(_rows(mapping, "edition", file)))
    for place, one in enumerate(editions):
        if any(_overlap(other, one) for other in editions[:place]):
            raise invalid(file, f"edition[{place}].valid_from")
    sections = tuple(
        FormSection(*(text_of(row, key, file, f"section[{n}].{key}") for key in ("name", "ja", "en")))
        for n, row in enumerate(_rows(mapping, "section", file))
    )
    kinds = tuple(_kind(row, file, f"kind[{n}]") for n, row in enumerate(_rows(mapping, "kind", file)))
    known = {
        "section": {one.name for one in sections}, "editions": {one.name for one in editions},
        "kinds": {one.code for one in kinds}, "facts": set(catalogue.facts),
    }  # fmt: skip
    fields = tuple(_field(row, known, file, f"field[{n}]") for n, row in enumerate(_rows(mapping, "field", file)))
    if len({one.name for one in fields}) != len(fields):
        raise invalid(file, "field")
    types = frozenset(_texts(mapping.get("types", []), file, "types"))
    return ReportForm(**text, editions=editions, sections=sections, kinds=kinds, fields=fields, types=types)


def report_rules_from(mapping: Mapping[str, object], file: str) -> ReportRules:
    """The city's rules of a parsed TOML file: lists `route`, tables `desk` and `channels`. Raises as `form_from`."""
    routes: dict[str, ApprovalRoute] = {}
    for place, row in enumerate(_rows(mapping, "route", file)):
        at = f"route[{place}]"
        council = _texts(row.get("council", []), file, f"{at}.council")
        decider = text_of(row, "decider", file, f"{at}.decider")
        oral = row.get("oral", True)
        if not isinstance(oral, bool):
            raise invalid(file, f"{at}.oral")
        for form in _texts(row.get("forms"), file, f"{at}.forms"):
            routes[form] = ApprovalRoute(council, decider, oral)
    if ANY_FORM not in routes:
        raise invalid(file, "route")
    desk = mapping.get("desk", {})
    if not isinstance(desk, Mapping):
        raise invalid(file, "desk")
    said = {
        name: text_of(desk, key, file, f"desk.{key}", optional=True)
        for name, key in (
            ("desk_ja", "ja"), ("desk_en", "en"), ("phone", "phone"), ("mail", "mail"),
            ("place_ja", "place_ja"), ("place_en", "place_en"),
        )
    }  # fmt: skip
    attach = frozenset(_texts(mapping.get("attach_on", []), file, "attach_on"))
    if not attach <= set(OFFICES_READ_MAIL):
        raise invalid(file, "attach_on")
    return ReportRules(routes=routes, attach=attach, **said)


def _edition(row: Mapping[str, object], file: str, place: str) -> FormEdition:
    end = _day(row["valid_to"], file, f"{place}.valid_to") if "valid_to" in row else None
    start = _day(row.get("valid_from"), file, f"{place}.valid_from")
    return FormEdition(start, end, text_of(row, "source", file, f"{place}.source"))


def _overlap(one: FormEdition, other: FormEdition) -> bool:
    first, second = sorted((one, other), key=lambda edition: edition.valid_from)
    return first.valid_to is None or first.valid_to >= second.valid_from


def _kind(row: Mapping[str, object], file: str, place: str) -> FormKind:
    ja, en = (text_of(row, key, file, f"{place}.{key}", optional=True) for key in ("ja", "en"))
    duties = _texts(row.get("duties", []), file, f"{place}.duties")
    return FormKind(text_of(row, "code", file, f"{place}.code"), ja, en, duties)


def _field(row: Mapping[str, object], known: Mapping[str, set[str]], file: str, place: str) -> FormField:
    if strange := sorted(set(row) - _FIELD_KEYS):
        raise invalid(file, f"{place}.{strange[0]}")
    text = {key: text_of(row, key, file, f"{place}.{key}") for key in ("name", "section", "ja", "en", "source")}
    lists = {key: _texts(row.get(key, []), file, f"{place}.{key}") for key in ("facts", "editions", "kinds")}
    for key in ("facts", "editions", "kinds"):
        if not set(lists[key]) <= known[key]:
            raise invalid(file, f"{place}.{key}")
    case = text_of(row, "case", file, f"{place}.case", optional=True)
    if text["section"] not in known["section"]:
        raise invalid(file, f"{place}.section")
    if bool(case) == bool(lists["facts"]) or (case and case not in OF_THE_CASE):
        raise invalid(file, f"{place}.case")
    if row.get("trust") not in set(Trust):
        raise invalid(file, f"{place}.trust")
    return FormField(
        **text, trust=Trust(str(row["trust"])), facts=lists["facts"], case=case,
        required=row.get("required") is True, editions=frozenset(lists["editions"]), kinds=frozenset(lists["kinds"]),
    )  # fmt: skip


def _rows(mapping: Mapping[str, object], key: str, file: str) -> Sequence[Mapping[str, object]]:
    rows = mapping.get(key)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise invalid(file, key)
    return rows


def _texts(value: object, file: str, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise invalid(file, place)
    return tuple(value)


def _day(value: object, file: str, place: str) -> date:
    if type(value) is not date:
        raise invalid(file, place)
    return value
