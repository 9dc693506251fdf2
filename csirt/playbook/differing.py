"""What differs between two versions of a playbook: steps added, removed, and changed in which respect."""

from dataclasses import dataclass

from csirt.playbook.charts import END, Chart, chart_of
from csirt.playbook.imagining import Described
from csirt.playbook.walking import Walk

ASPECTS = ("kind", "who", "within", "chain", "choices", "fields", "showing", "not_by", "by", "template", "action",
            "slow", "tries", "by_hand", "at_deadline", "fact", "mandatory", "branch")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A step that differs. `what`: `added`, `removed`, or the aspect that changed, with its value before and after."""

    step: str
    what: str
    before: str = ""
    after: str = ""


def differences(old: Walk, new: Walk) -> list[Change]:
    """Added, removed and changed steps, in the order of the new version; `then` is where a step leads to."""
    before, after = chart_of(old), chart_of(new)
    follows = _follows(before), _follows(after)
    found = [Change(key, "removed") for key in old.steps if key not in new.steps]
    for key in new.steps:
        if key not in old.steps:
            found.append(Change(key, "added"))
            continue
        pairs = [(aspect, _told(old.steps[key], aspect), _told(new.steps[key], aspect)) for aspect in ASPECTS]
        pairs.append(("then", follows[0].get(key, ""), follows[1].get(key, "")))
        found += [Change(key, aspect, one, other) for aspect, one, other in pairs if one != other]
    return found


def _told(step: Described, aspect: str) -> str:
    """An aspect of a step as codes."""
    value = getattr(step, aspect)
    if aspect == "choices":
        return ", ".join(choice.code + ("*" if choice.needs_reason else "") for choice in value)
    if aspect == "within":
        return f"PT{int(value.total_seconds())}S" if value else ""
    if aspect == "at_deadline":
        return " ".join(one for one in value.to_plain().values() if one) if value else ""
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _follows(chart: Chart) -> dict[str, str]:
    """Where each step leads to, by outcome."""
    found: dict[str, str] = {}
    for item in chart.items:
        for branch in item.branches:
            found |= _follows(branch)
        if not item.branches:
            told = [
                f"{' / '.join(edge.outcomes) or '*'} → {edge.to.removeprefix(END)}" for edge in chart.exits(item.key)
            ]
            found[item.key] = "; ".join(sorted(told))
    return found
