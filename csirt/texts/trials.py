"""What would become of a record, in words of one language."""

from csirt.era import number_text
from csirt.model.linking import Because
from csirt.response.trials import Fate, Tried
from csirt.texts.catalogs import Catalog


def fate_text(words: Catalog, tried: Tried) -> str:
    """One line: what would become of it, and why."""
    year_ordinal = tried.number
    number = ""
    if year_ordinal:
        year, ordinal, drill = year_ordinal
        number = number_text(year, ordinal, words.language, drill=drill)
    told = words.say(
        f"trial.{_case(tried)}",
        {
            "number": number, "n": tried.opens or 1, "rule": tried.rule or "", "count": tried.count, "why": tried.why,
            "reason": tried.reason,
        },
    )  # fmt: skip
    if not tried.joined_by or tried.joined_by == Because.NEW or tried.fate in {Fate.REPEATS, Fate.SET_ASIDE}:
        return told
    because = words.say(f"joined.{tried.joined_by}", {"over": tried.joined_over or ""})
    return words.say("trial.because", {"fate": told, "because": because})


def _case(tried: Tried) -> str:
    named = tried.fate in {Fate.JOINS, Fate.REPEATS} and tried.number
    return f"{tried.fate}_case" if named else tried.fate.value
