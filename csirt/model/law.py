"""Reads dated rules: duties, what is to come, and levels. A mistake in the data names file and place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from csirt.model.condition import Condition, Situation, condition_from
from csirt.model.duty import Binding, DutyRule, LawBook, Period, ReasonRule, Upcoming
from csirt.model.fact import FactCatalogue, FactKind, invalid, text_of
from csirt.model.incident import Level
from csirt.model.mapping import Scheme, schemes_from

_RULE_KEYS = frozenset(
    {
        "id", "addressee", "ja", "en", "basis", "source", "clock", "binding", "valid_from", "valid_to", "reason",
        "unless", "days", "target_days", "moves", "period", "doubt", "waived_by", "chain", "offices",
        "gives_way_to", "in_charge",
    }
)  # fmt: skip
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class LevelRule:
    """A level and a condition that asks for it."""

    level: Level
    code: str
    when: Condition
    valid_from: date
    settles: int | None = None  # stands alone, also below what was sensed, where no rule asks for more than this


SENSED = "sensed"  # the reason where no rule asks for more than detections or the report said


@dataclass(frozen=True, slots=True)
class LevelBook:
    """When which level is proposed, what a report is presumed to be worth, and what levels and types are elsewhere."""

    rules: tuple[LevelRule, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    presumed: tuple[LevelRule, ...] = ()

    def propose(self, situation: Situation, on: date, sensed: Level = Level.EVENT) -> tuple[Level, str]:
        """The level that the facts ask for, with its reason's code, and at least what was `sensed`.

        `on` is the day on which a rule must be valid. A rule that settles counts only where its facts are confirmed.
        """
        fitting = _fitting(self.rules, situation, on)
        best = max(fitting, key=lambda rule: rule.level, default=None)
        if best is None:
            return sensed, SENSED
        for rule in fitting:
            if rule.settles is not None and best.level <= rule.settles and rule.when.is_certain(situation):
                return rule.level, rule.code
        if best.level > sensed:
            return best.level, best.code
        return sensed, best.code if best.level == sensed else SENSED

    def presume(self, situation: Situation, on: date, said: Level) -> tuple[Level, str]:
        """What a report is worth of which only this is known, with the code of why; empty where it is as was `said`."""
        best = max(_fitting(self.presumed, situation, on), key=lambda rule: rule.level, default=None)
        return (best.level, best.code) if best and best.level > said else (said, "")


def _fitting(rules: Iterable[LevelRule], situation: Situation, on: date) -> list[LevelRule]:
    return [rule for rule in rules if rule.valid_from <= on and rule.when.holds(situation)]


def law_from(mapping: Mapping[str, object], catalogue: FactCatalogue, file: str) -> LawBook:
    """The rules of a parsed TOML file: `source`, lists `duty` and `upcoming`.

    Raises:
        Invalid: `law_data_invalid`; `file` and `key` name the place.
    """
    rules = tuple(_rule(row, catalogue, file, f"duty[{n}]") for n, row in enumerate(_rows(mapping, "duty", file)))
    upcoming = tuple(_upcoming(row, file, f"upcoming[{n}]") for n, row in enumerate(_rows(mapping, "upcoming", file)))
    for place, rule in enumerate(rules):
        for other in rules[:place]:
            if other.id == rule.id and _overlap(other, rule):
                raise invalid(file, f"duty[{place}].valid_from")
    return LawBook(rules, upcoming, text_of(mapping, "source", file, "source"))


def levels_from(mapping: Mapping[str, object], catalogue: FactCatalogue, file: str) -> LevelBook:
    """The rules for levels and the mappings of a parsed TOML file. Raises as `law_from`."""
    return LevelBook(
        _level_rules(mapping, "rule", catalogue, file),
        schemes_from(mapping.get("scheme"), file),
        _level_rules(mapping, "presumed", catalogue, file) if "presumed" in mapping else (),
    )


def _level_rules(
    mapping: Mapping[str, object], name: str, catalogue: FactCatalogue, file: str
) -> tuple[LevelRule, ...]:
    rules = []
    for place, row in enumerate(_rows(mapping, name, file)):
        at = f"{name}[{place}]"
        level = _number(row.get("level"), file, f"{at}.level", 0, int(Level.CRISIS))
        code, when = text_of(row, "code", file, f"{at}.code"), condition_from(row.get("when"), catalogue, file, at)
        day = _day(row.get("valid_from"), file, f"{at}.valid_from")
        settles = _number(row["settles"], file, f"{at}.settles", level, int(Level.CRISIS)) if "settles" in row else None
        rules.append(LevelRule(Level(level), code, when, day, settles))
    return tuple(rules)


def _overlap(one: DutyRule, other: DutyRule) -> bool:
    first, second = sorted((one, other), key=lambda rule: rule.valid_from)
    return first.valid_to is None or first.valid_to >= second.valid_from


def _rule(row: Mapping[str, object], catalogue: FactCatalogue, file: str, place: str) -> DutyRule:
    if strange := sorted(set(row) - _RULE_KEYS):
        raise invalid(file, f"{place}.{strange[0]}")
    text = {
        key: text_of(row, key, file, f"{place}.{key}")
        for key in ("id", "addressee", "ja", "en", "basis", "source", "clock", "waived_by", "in_charge")
    }
    if text["clock"] not in catalogue.facts or catalogue.facts[text["clock"]].kind is not FactKind.TIME:
        raise invalid(file, f"{place}.clock")
    if row.get("binding") not in set(Binding):
        raise invalid(file, f"{place}.binding")
    period = row.get("period")
    if period is not None and period not in set(Period):
        raise invalid(file, f"{place}.period")
    days, target = (_days(row, key, file, place) for key in ("days", "target_days"))
    if (target or 0) > (days or target or 0) or not isinstance(row.get("moves", False), bool):
        raise invalid(file, f"{place}.target_days")
    return DutyRule(
        **text,
        binding=Binding(str(row["binding"])),
        valid_from=_day(row.get("valid_from"), file, f"{place}.valid_from"),
        valid_to=_day(row["valid_to"], file, f"{place}.valid_to") if "valid_to" in row else None,
        reasons=_reasons(row, catalogue, file, place),
        unless=tuple(
            condition_from(one, catalogue, file, f"{place}.unless[{n}]")
            for n, one in enumerate(_list(row.get("unless", []), file, f"{place}.unless"))
        ),
        days=days,
        target_days=target,
        moves=row.get("moves") is True,
        period=Period(str(period)) if period else None,
        doubt=text_of(row, "doubt", file, f"{place}.doubt", optional=True),
        gives_way_to=text_of(row, "gives_way_to", file, f"{place}.gives_way_to", optional=True),
        chain=text_of(row, "chain", file, f"{place}.chain", optional=True),
        offices=tuple(map(str, _list(row.get("offices", []), file, f"{place}.offices"))),
    )


def _reasons(row: Mapping[str, object], catalogue: FactCatalogue, file: str, place: str) -> tuple[ReasonRule, ...]:
    reasons = []
    for number, one in enumerate(_rows(row, "reason", file)):
        at = f"{place}.reason[{number}]"
        if strange := sorted(set(one) - {"code", "when", "days", "uncertain"}):
            raise invalid(file, f"{at}.{strange[0]}")
        when = condition_from(one.get("when"), catalogue, file, f"{at}.when")
        uncertain, code = one.get("uncertain") is True, text_of(one, "code", file, f"{at}.code")
        reasons.append(ReasonRule(code, when, _days(one, "days", file, at), uncertain))
    if not reasons:
        raise invalid(file, f"{place}.reason")
    return tuple(reasons)


def _upcoming(row: Mapping[str, object], file: str, place: str) -> Upcoming:
    text = {key: text_of(row, key, file, f"{place}.{key}") for key in ("id", "ja", "en", "source")}
    start, latest = (_day(row[key], file, f"{place}.{key}") if key in row else None for key in ("start", "latest"))
    return Upcoming(**text, start=start, latest=latest)


def _rows(mapping: Mapping[str, object], key: str, file: str) -> Sequence[Mapping[str, object]]:
    rows = mapping.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise invalid(file, key)
    return rows


def _list(value: object, file: str, place: str) -> list[object]:
    if not isinstance(value, list):
        raise invalid(file, place)
    return value


def _day(value: object, file: str, place: str) -> date:
    if type(value) is not date:
        raise invalid(file, place)
    return value


def _days(row: Mapping[str, object], key: str, file: str, place: str) -> int | None:
    return _number(row[key], file, f"{place}.{key}", 1, _MOST_DAYS) if key in row else None


def _number(value: object, file: str, place: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise invalid(file, place)
    return value
