"""What a detection suggests: type and level, by dated rules that are data.

Rules propose; a named post sets the level with a reason. The patterns come from our own data file, so they are run by
`re` on bounded text; a pattern that RE2 would not take (look-around, back-references) is refused all the same.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from csirt.errors import Invalid
from csirt.model.asset import AssetRule, Layer
from csirt.model.city import TriageRules, TypeRule
from csirt.model.detection import Detection
from csirt.model.incident import IncidentType, Level

_SEARCHED_CHARACTERS = 1000
_NOT_RE2 = re.compile(r"\(\?(?:[=!>]|<[=!]|P=|\()|\\[1-9]|[*+?}]\+")
_ASSET_KEYS = frozenset({"layer", "confidentiality", "own", "level", "source", "valid_from"})
_RULE_KEYS = frozenset({"type", "pattern", "level", "source", "valid_from"})


def suggest(detection: Detection, rules: TriageRules) -> tuple[IncidentType, Level]:
    """The type of the first rule that fits title, category or signature, else UNDECIDED; and the proposed level.

    The level is the higher of what the source's severity means and what the rule says; what the reader says is no alarm
    (observable `no_alarm`) keeps its own.
    """
    parts = (detection.title, detection.category or "", detection.signature or "")
    text = "\n".join(parts)[:_SEARCHED_CHARACTERS]
    text = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    native = Level(min(max(detection.level, Level.EVENT), Level.CRISIS))
    quiet = "no_alarm" in detection.observables  # a drill, a sample, what the source has closed: it opens nothing
    for rule in rules.types:
        if _fits(rule.pattern, text):
            return rule.type, native if rule.level is None or quiet else max(native, rule.level)
    return IncidentType.UNDECIDED, native


@lru_cache(maxsize=16_384)
def _fits(pattern: str, text: str) -> bool:
    """Sensors say the same words again and again."""
    return _compiled(pattern).search(text) is not None


def rules_from(mapping: Mapping[str, object], source: str, on: date | None = None) -> TriageRules:
    """The rules of a parsed TOML file; `source` names the file. With `on`, only rules valid on that day.

    The file has `source` (text), `opens_from` (0 to 4) and a list `rule` of tables: `type`, `pattern`, `source`,
    `valid_from` (a date), and `level` (0 to 4) if the rule proposes one. A list `asset_rule` says what a detection is
    worth on an asset: `layer` or `confidentiality`, `own` (the detection's own level from which it holds), `level`.

    Raises:
        Invalid: `triage_rule_invalid`; `file` and `key` name the place.
    """
    rows = mapping.get("rule")
    if not isinstance(rows, list):
        raise _invalid(source, "rule")
    stated = mapping.get("source")
    if not isinstance(stated, str) or not stated.strip():
        raise _invalid(source, "source")
    opens_from = _level(mapping.get("opens_from", int(Level.SERIOUS)), source, "opens_from")
    dated = [_rule(row, source, f"rule[{place}]") for place, row in enumerate(rows)]
    return TriageRules(
        opens_from=opens_from,
        types=tuple(rule for rule, valid_from in dated if on is None or valid_from <= on),
        assets=_asset_rules(mapping.get("asset_rule", []), source, on),
        source=stated,
    )


def _asset_rules(rows: object, source: str, on: date | None) -> tuple[AssetRule, ...]:
    """What detections are worth on an asset."""
    if not isinstance(rows, list):
        raise _invalid(source, "asset_rule")
    dated = [_asset_rule(row, source, f"asset_rule[{place}]") for place, row in enumerate(rows)]
    return tuple(rule for rule, valid_from in dated if on is None or valid_from <= on)


def _known_keys(row: object, keys: frozenset[str], source: str, place: str) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise _invalid(source, place)
    for key in row:
        if key not in keys:
            raise _invalid(source, f"{place}.{key}")
    return row


def _asset_rule(row: object, source: str, place: str) -> tuple[AssetRule, date]:
    row = _known_keys(row, _ASSET_KEYS, source, place)
    layer, classed, valid_from, stated = (row.get(key) for key in ("layer", "confidentiality", "valid_from", "source"))
    if layer is not None and layer not in set(Layer):
        raise _invalid(source, f"{place}.layer")
    if classed is not None and (type(classed) is not int or not 1 <= classed <= 3):
        raise _invalid(source, f"{place}.confidentiality")
    if layer is None and classed is None:
        raise _invalid(source, f"{place}.layer")
    if type(valid_from) is not date:
        raise _invalid(source, f"{place}.valid_from")
    if not isinstance(stated, str) or not stated.strip():
        raise _invalid(source, f"{place}.source")
    own, level = (_level(row.get(key), source, f"{place}.{key}") for key in ("own", "level"))
    return AssetRule(own, level, Layer(layer) if layer else None, classed), valid_from


def _rule(row: object, source: str, place: str) -> tuple[TypeRule, date]:
    """One rule and the day from which it holds."""
    row = _known_keys(row, _RULE_KEYS, source, place)
    kind, pattern, valid_from, stated = (row.get(key) for key in ("type", "pattern", "valid_from", "source"))
    if not isinstance(kind, str) or kind not in set(IncidentType):
        raise _invalid(source, f"{place}.type")
    if not isinstance(pattern, str) or not _is_usable(pattern):
        raise _invalid(source, f"{place}.pattern")
    if type(valid_from) is not date:
        raise _invalid(source, f"{place}.valid_from")
    if not isinstance(stated, str) or not stated.strip():
        raise _invalid(source, f"{place}.source")
    level = _level(row["level"], source, f"{place}.level") if "level" in row else None
    return TypeRule(IncidentType(kind), pattern, level), valid_from


def _level(value: object, source: str, key: str) -> Level:
    """A level of ours."""
    if isinstance(value, bool) or not isinstance(value, int) or not Level.EVENT <= value <= Level.CRISIS:
        raise _invalid(source, key)
    return Level(value)


def _is_usable(pattern: str) -> bool:
    """Whether a pattern compiles, says something, and could be run by RE2."""
    if not pattern.strip() or _NOT_RE2.search(pattern):
        return False
    try:
        return _compiled(pattern).search("") is None
    except re.error:
        return False


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    r"""A pattern, compiled once. Text is folded before the search; the flags spare the authors of rules two traps.

    With ASCII, as in RE2, `\bddos\b` is found before Japanese, which has no blanks between words.
    """
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


def _invalid(source: str, key: str) -> Invalid:
    """The error for one place in a file of rules."""
    return Invalid("triage_rule_invalid", file=source, key=key)
