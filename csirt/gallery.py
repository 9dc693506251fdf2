"""The playbooks of an installation as people see them: listed, in words, as a picture, compared and checked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from csirt.bootstrap import SHIPPED, Desk, load_playbooks
from csirt.errors import CsirtError, NotFound
from csirt.model.city import City
from csirt.model.people import Roster
from csirt.model.step import Consequence, StepKind
from csirt.playbook import charts, drawing
from csirt.playbook.charts import END, Chart
from csirt.playbook.checking import Around, check, load_folder
from csirt.playbook.differing import Change, differences
from csirt.playbook.editions import TEXTS, Lock, fingerprint, read_published, write_published
from csirt.playbook.language import Playbook
from csirt.playbook.walking import Walk, walk
from csirt.texts.chains import ChainWords
from csirt.texts.naming import Naming
from csirt.texts.steps import StepTexts, read_step_texts

_OUTCOMES = {
    "done": "playbook.outcome.done", "gave_up": "playbook.outcome.gave_up",
    "acknowledged": "playbook.outcome.acknowledged", "exhausted": "playbook.outcome.exhausted",
    "skipped": "playbook.outcome.skipped",
}  # fmt: skip
_SPANS = (("span.days", 86400), ("span.hours", 3600), ("span.minutes", 60), ("span.seconds", 1))
_VERBS = {
    StepKind.DO: "playbook.verb.do", StepKind.ASK: "playbook.verb.ask", StepKind.APPROVE: "playbook.verb.approve",
    StepKind.REACH: "playbook.verb.reach", StepKind.TELL: "playbook.verb.tell", StepKind.WAIT: "playbook.verb.wait",
    StepKind.KNOW: "playbook.verb.know", StepKind.DUTY: "playbook.verb.duty",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelf:
    """Playbooks with what is needed to read them. Without a city: those shipped, and nobody to call."""

    playbooks: Mapping[tuple[str, int], Playbook]
    texts: StepTexts
    city: City
    left_out: tuple[CsirtError, ...] = ()

    @classmethod
    def of(cls, desk: Desk) -> "Shelf":
        """Those of a desk."""
        return cls(desk.playbooks, desk.texts, desk.door.city, desk.left_out)

    @classmethod
    def shipped(cls) -> "Shelf":
        """Those that come with the product."""
        return cls(load_playbooks(), read_step_texts(SHIPPED / TEXTS), City("", "", ""))

    def versions(self, name: str) -> list[int]:
        """The versions of a playbook, newest first. Raises `NotFound`."""
        found = sorted((version for known, version in self.playbooks if known == name), reverse=True)
        if not found:
            raise NotFound("playbook_unknown", playbook=name[:64])
        return found

    def playbook(self, name: str, version: int | None = None) -> Playbook:
        """One version; the newest, if none is named. Raises `NotFound`."""
        versions = self.versions(name)
        if version is not None and version not in versions:
            raise NotFound("playbook_version_unknown", playbook=name, version=version)
        return self.playbooks[name, versions[0] if version is None else version]

    def walk(self, name: str, version: int | None = None) -> Walk:
        """Every path of one version; kept, since code does not change under a running process."""
        play = self.playbook(name, version)
        return _walked(play, tuple(self.city.level_setters.items()))

    def differences(self, name: str, old: int, new: int) -> list[Change]:
        """What changed between two versions."""
        return differences(self.walk(name, old), self.walk(name, new))

    def lock(self) -> Lock:
        """The fingerprints of what is shipped."""
        return read_published(SHIPPED)


@lru_cache(maxsize=64)
def _walked(play: Playbook, setters: tuple[Any, ...]) -> Walk:
    return walk(play, City("", "", "", level_setters=dict(setters)))


@dataclass(frozen=True, slots=True)
class StepTold:
    """A step in words: its number from top to bottom, who does it, until when, whom it calls, and where it leads."""

    number: int
    key: str
    title: str
    verb: str
    who: str
    within: str
    chain: str
    choices: tuple[str, ...]
    late: str
    by_hand: str
    leads: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class PlaybookWords:
    """One version in words of one language."""

    shelf: Shelf
    walk: Walk
    name: Naming

    def title(self, step: str) -> str:
        """The title of a step, with its item."""
        text = self._text(step)
        return f"{text.title} ({text.item})" if text.item else text.title

    def notes(self, step: str) -> Sequence[str]:
        """Who, until when, and whom it calls."""
        told = self.walk.steps[step]
        who = self.who(told.who) or (self._say("playbook.by_itself") if told.kind is StepKind.DO else "")
        chain = self._say("playbook.calls", name=self.chain(told.chain)) if told.chain else ""
        timed = told.kind is not StepKind.DO and told.within
        within = self._say("playbook.within", span=self.span(told.within)) if timed and told.within else ""
        timing = " ".join(part for part in (who, within) if part)
        return [one for one in (timing, self.late(step), chain) if one]

    def late(self, step: str) -> str:
        """What follows when nobody has answered in time; nothing, where nothing but an entry does."""
        late = self.walk.steps[step].at_deadline
        if late is None:
            return ""
        if late.consequence is Consequence.CHOOSE:
            return self._say("playbook.late.choose", choice=self.outcome(step, late.choice))
        if late.consequence is Consequence.STOP:
            return self._say("playbook.late.stop")
        whom = self.who(late.to) or self.chain(late.chain)
        return self._say("playbook.late.escalate", whom=whom) if whom else self._say("playbook.late.remind")

    def outcome(self, step: str, code: str) -> str:
        """An outcome of a step."""
        said = self._text(step).choices.get(code) if step in self.walk.steps and self.walk.steps[step].choices else None
        return said or (self._say(_OUTCOMES[code]) if code in _OUTCOMES else code)

    def end(self, code: str) -> str:
        """How a path ends."""
        kind, _, rest = code.partition(":")
        if kind == "closed":
            return self._say("playbook.end.closed", how=self.name.words.gettext(f"disposition.{rest}"))
        if kind == "failed":
            return self._say("playbook.end.failed", why=rest)
        return self._say({"joined": "playbook.end.joined", "cut": "playbook.end.cut"}.get(kind, "playbook.end.ended"))

    def aside(self) -> str:
        """The caption of branches side by side."""
        return self._say("playbook.aside")

    def others(self) -> str:
        """And others."""
        return self._say("playbook.others")

    def who(self, parties: str) -> str:
        """Posts and roles by their names."""
        return self._say("list.separator").join(self.name(party) for party in parties.split(", ") if party)

    def chain(self, code: str) -> str:
        """A chain by its title."""
        return ChainWords(self.shelf.city.chains, self.name.words.language).title(code)

    def aspect(self, step: str, what: str, value: str) -> str:
        """An aspect of a step, as `differences` tells it in codes, in words."""
        if not value:
            return ""
        codes, say = value.split(", "), self._say
        said: Mapping[str, Callable[[], Iterable[str]]] = {
            "who": lambda: map(self.name, codes),
            "by_hand": lambda: map(self.name, codes),
            "chain": lambda: [self.chain(value)],
            "within": lambda: [self.span(timedelta(seconds=int(value[2:-1])))],
            "choices": lambda: (self.outcome(step, code.rstrip("*")) for code in codes),
            "showing": lambda: map(self.title, codes),
            "not_by": lambda: map(self.title, codes),
            "by": lambda: (say(f"channel.{code}") for code in codes),
            "mandatory": lambda: [say("choice.yes" if value == "True" else "choice.no")],
            "at_deadline": lambda: [self.late(step)],
            "then": lambda: ["; ".join(self._way(step, one) for one in value.split("; "))],
        }
        return say("list.separator").join(said[what]()) if what in said else value

    def _way(self, step: str, told: str) -> str:
        """`yes / unknown → next_step` in words."""
        under, _, to = told.partition(" → ")
        codes = [code for code in under.split(" / ") if code not in {"*", ""}]
        said = " / ".join(self.outcome(step, code) for code in codes)
        key = to.split(":", 2)[2] if to.startswith("fork:") else to
        at = self.title(key) if key in self.walk.steps else self.end(to)
        return f"{said} → {at}".strip()

    def span(self, value: timedelta) -> str:
        """`30 minutes`: the largest part that leaves none."""
        seconds = int(value.total_seconds())
        code, size = next((one for one in _SPANS if seconds % one[1] == 0), _SPANS[-1])
        return self._say(code, n=seconds // size)

    def told(self) -> list[StepTold]:
        """All steps, from top to bottom, branch by branch."""
        chart = charts.chart_of(self.walk)
        numbers = {key: number for number, key in enumerate(dict.fromkeys(chart.steps()), 1)}
        return list(self._told(chart, numbers, 0))

    def _told(self, chart: Chart, numbers: Mapping[str, int], depth: int) -> Sequence[StepTold]:
        found: list[StepTold] = []
        for item in chart.items:
            for branch in item.branches:
                found += self._told(branch, numbers, depth + 1)
            if not item.branches:
                found.append(self._step(chart, item.key, numbers, depth))
        return found

    def _step(self, chart: Chart, key: str, numbers: Mapping[str, int], depth: int) -> StepTold:
        step, texts = self.walk.steps[key], self._text(key)
        timed = step.kind is not StepKind.DO and step.within
        return StepTold(
            number=numbers[key], key=key, title=self.title(key),
            verb=self._say(_VERBS[step.kind]) if step.kind in _VERBS else step.kind.value,
            who=self.who(step.who), within=self.span(step.within) if timed and step.within else "",
            chain=self.chain(step.chain), late=self.late(key),
            choices=tuple(texts.choices.get(one.code, one.code) for one in step.choices),
            by_hand=self.who(step.by_hand), leads=tuple(self._leads(chart, key, numbers)), depth=depth,
        )  # fmt: skip

    def _leads(self, chart: Chart, key: str, numbers: Mapping[str, int]) -> Sequence[str]:
        exits = chart.exits(key)
        if len(exits) == 1 and (not exits[0].to.startswith(END) or exits[0].to == f"{END}joined"):
            return []
        found = []
        for edge in exits:
            under = self._say("list.separator").join(self.outcome(edge.by, code) for code in edge.outcomes)
            to = edge.to.split(":", 2)[2] if edge.to.startswith("fork:") else edge.to
            at = self.end(to.removeprefix(END)) if to.startswith(END) else f"{numbers.get(to, '')} {self.title(to)}"
            found.append(f"{under} → {at}" if under else f"→ {at}")
        return found

    def svg(self, *, alone: bool = False) -> str:
        """The picture of this version."""
        title = self.shelf.texts.playbook_title(self.walk.playbook, self.name.words.language)
        name = self._say("playbook.picture", name=title, version=self.walk.version)
        return drawing.svg(charts.chart_of(self.walk), self, name, alone=alone)

    def mermaid(self) -> str:
        """The same as Mermaid text."""
        return drawing.mermaid(charts.chart_of(self.walk), self)

    def _text(self, step: str) -> Any:
        return self.shelf.texts.step_text(self.walk.playbook, step, self.name.words.language)

    def _say(self, code: str, **params: str | int) -> str:
        return self.name.words.say(code, params)


def around(shelf: Shelf, known: Roster | None) -> Around:
    """What playbooks are checked against: the city's chains and posts, where there is a city."""
    chains = frozenset(shelf.city.chains) if shelf.city.code else None
    return Around(shelf.city, shelf.texts.lacking, chains, frozenset(known.posts) if known else None)


def faults(shelf: Shelf, desk: Desk | None, known: Roster | None) -> list[CsirtError]:
    """Everything that is wrong with the playbooks, those that were left out included."""
    shipped = load_playbooks()
    found = check(list(shipped.values()), around(shelf, known), shelf.lock())
    if desk is None or not desk.settings.own_playbooks.is_dir():
        return found
    plays, broken = load_folder(desk.settings.own_playbooks)
    return [*found, *broken, *check(plays, around(shelf, known), read_published(desk.settings.own_playbooks))]


def publish(shelf: Shelf, desk: Desk | None, known: Roster | None) -> tuple[list[Playbook], list[CsirtError]]:
    """Publish what is new and sound in the city's folder, or without a desk in the product's own.

    Returns what was published, and the faults that keep all else out; with any fault nothing is published.
    """
    folder = desk.settings.own_playbooks if desk else SHIPPED
    plays, broken = load_folder(folder) if desk else (list(load_playbooks().values()), [])
    lock = read_published(folder)
    found = [*broken, *check(plays, around(shelf, known), lock)]
    kept = [fault for fault in found if fault.code != "playbook_unpublished"]
    if kept:
        return [], kept
    new = [play for play in plays if play.version not in lock.get(play.name, {})]
    for play in new:
        lock.setdefault(play.name, {})[play.version] = fingerprint(play)
    if new:
        write_published(folder, lock)
    return new, []
