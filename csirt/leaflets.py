"""Makes the leaflet for the day on which the desk is down: who is called how, what the playbooks say, what is open.

It holds what a call needs and no more: of people those who hold or deputise for a post, their channels; of cases their
numbers, kinds and deadlines, no titles and no texts. Sealed cases are only counted.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from csirt.bootstrap import Desk
from csirt.documents import level_text, naming
from csirt.era import number_text
from csirt.errors import Conflict, Unavailable
from csirt.gallery import PlaybookWords, Shelf
from csirt.model.contact import ContactChain, Tier
from csirt.model.incident import IncidentStatus, IncidentView
from csirt.model.party import Nobody, resolve
from csirt.model.people import SYSTEM, ContactPoint
from csirt.outlook import Outlook
from csirt.reports.labels import Language, shown_at
from csirt.reports.leaflet import Leaflet, LeafletSection, LeafletTable, leaflet_html, leaflet_pdf
from csirt.response import people
from csirt.store.queries import board, cases
from csirt.store.queries.duties import open_duties
from csirt.store.queries.sealing import sealed_of
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords
from csirt.texts.naming import Naming

PART = "bundle"  # under which it is kept how the daily one was made
PAGE, PDF = "index.html", "leaflet.pdf"
MOST_CASES = 500
WIDTHS: Mapping[str, tuple[int, ...]] = {  # shares of the page that columns take
    "posts": (3, 3, 5), "offices": (3, 5, 2), "chain": (2, 1, 3, 6), "playbook": (1, 6, 3, 2, 5), "duties": (2, 5, 3),
}  # fmt: skip


def write_leaflet(desk: Desk, folder: Path, language: Language) -> datetime:
    """Put the leaflet into a folder of its own, in place of the one before: who opens it finds the old or the new.

    Returns when it was made.

    Raises:
        Conflict: `folder_not_ours`: something else lies there.
        Unavailable: `folder_not_writable`, or `document_not_made`.
    """
    if folder.exists() and (not folder.is_dir() or {one.name for one in folder.iterdir()} - {PAGE, PDF}):
        raise Conflict("folder_not_ours", folder=folder.name)
    leaflet = desk.seen_by(SYSTEM).look(_leaflet, desk, language)
    files = {PAGE: leaflet_html(leaflet), PDF: leaflet_pdf(leaflet)}
    part, old = (folder.with_name(f".{folder.name}.{end}") for end in ("part", "old"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for one in (part, old):
            shutil.rmtree(one, ignore_errors=True)
        part.mkdir(mode=0o700)
        for name, content in files.items():
            with (part / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, folder=folder.name) from error
    return leaflet.made_at


def _leaflet(look: Look, desk: Desk, language: Language) -> Leaflet:
    name = naming(desk, look, language)
    making = _Making(look, desk, name, Outlook(desk, people.roster(look.session, look.vault)), language)
    city, words = desk.door.city, name.words
    warnings = [words.gettext("leaflet.warning")]
    if city.sample:
        warnings.append(words.gettext("leaflet.sample"))
    return Leaflet(
        title=words.gettext("leaflet.title"),
        city=city.name_ja if language == "ja" else city.name_en,
        handling=words.gettext("mark.handling"),
        warnings=tuple(warnings),
        sections=(making.open_cases(), making.posts(), making.offices(), *making.chains(), *making.playbooks()),
        language=language,
        made_at=desk.clock.now(),
    )


class _Making:
    """Gathers the parts, in words of one language."""

    def __init__(self, look: Look, desk: Desk, name: Naming, outlook: Outlook, language: Language) -> None:
        self._look, self._desk, self._name, self._outlook = look, desk, name, outlook
        self._language: Language = language
        self._words = name.words

    # ------------------------------------------------------------------------------------------------------ cases

    def open_cases(self) -> LeafletSection:
        """Open cases that are not sealed: number, kind, level, since when; their duties and questions with the ends."""
        found = cases.incidents(self._look, status=IncidentStatus.OPEN.value, limit=MOST_CASES, gravest=True)
        sealed = sealed_of(self._look.session, {one.id for one in found})
        shown = {one.id: one for one in found if one.id not in sealed and not one.drill}
        hidden = sum(1 for one in found if one.id in sealed)
        numbers = {id_: number_text(one.fiscal_year, one.ordinal, self._language) for id_, one in shown.items()}
        lead = self._words.say("leaflet.cases.lead", {"number": len(shown), "sealed": hidden})
        tables = [
            self._table("cases", ("number", "type", "level", "received"), [
                (numbers[id_], *self._case(one)) for id_, one in shown.items()
            ]),
            self._table("duties", ("number", "duty", "due"), list(self._duties(numbers))),
            self._table("questions", ("number", "who", "since", "due"), list(self._questions(numbers))),
        ]  # fmt: skip
        return LeafletSection(self._title("cases"), lead, tuple(one for one in tables if one.rows))

    def _case(self, one: IncidentView) -> tuple[str, str, str]:
        kind = self._words.gettext(f"type.{one.type.value}")
        return kind, level_text(one, self._words), self._at(one.clocks.received)

    def _duties(self, numbers: dict[str, str]) -> Iterator[tuple[str, ...]]:
        speak = DutyWords(self._desk.door.city.law, self._words)
        for duty, case in open_duties(self._look):
            if case.id in numbers:
                yield numbers[case.id], speak.label(duty.rule), self._at(duty.due_at)

    def _questions(self, numbers: dict[str, str]) -> Iterator[tuple[str, ...]]:
        for one in board.waiting_in(self._look, numbers):
            yield numbers[one.incident], self._name(one.who), self._at(one.opened_at), self._at(one.due_at)

    # ----------------------------------------------------------------------------------------------------- contacts

    def posts(self) -> LeafletSection:
        """Who holds each post today, with the deputies in acting order, and how they are reached."""
        known = self._outlook.called()
        rows = [
            (self._name.post(post.id), self._name(id_), self._points(known.people[id_].points))
            for post in known.posts.values()
            for id_ in post.acting_order
            if id_ in known.people
        ]
        return self._section("posts", self._table("posts", ("post", "person", "points"), rows))

    def offices(self) -> LeafletSection:
        """Offices outside, and when their contact data was confirmed last."""
        rows = [
            (self._name(f"office:{one.id}"), self._points(one.points), one.confirmed.isoformat())
            for one in self._outlook.offices().values()
        ]
        return self._section("offices", self._table("offices", ("office", "points", "confirmed"), rows))

    def chains(self) -> Iterator[LeafletSection]:
        """Each contact chain: after how long whom, by which channels."""
        tables = [self._chain(chain) for chain in self._outlook.chains()]
        yield LeafletSection(self._title("chains"), self._words.gettext("leaflet.chains.lead"), tuple(tables))

    def _chain(self, chain: ContactChain) -> LeafletTable:
        rows = [
            (route.title.get(self._language) or route.name, self._after(tier), *self._called(tier))
            for route in chain.routes
            for tier in route.tiers
        ]
        if chain.exhausted:
            rows.append((self._words.gettext("chains.exhausted"), "", *self._called(chain.exhausted)))
        title = " ".join(part for part in (chain.code, chain.title.get(self._language) or chain.name) if part)
        return LeafletTable(title, self._heads("route", "after", "who", "points"), tuple(rows), WIDTHS["chain"])

    def _called(self, tier: Tier) -> tuple[str, str]:
        known, offices = self._outlook.called(), self._outlook.offices()
        reached = []
        for party in tier.call:
            found = resolve(party, known, offices)
            if isinstance(found, Nobody):
                reached.append(f"{self._name(party)}: {self._words.error(found.code)}")
                continue
            for one in found:
                points = [(by, one.addresses[by]) for by in tier.by if one.addresses.get(by)]
                said = ", ".join(f"{self._channel(by)} {address}" for by, address in points) or "–"
                reached.append(f"{self._name(one.person) if one.person else one.name}: {said}")
        return "\n".join(self._name(party) for party in tier.call), "\n".join(reached)

    def _after(self, tier: Tier) -> str:
        minutes = int(tier.after.total_seconds()) // 60
        return self._words.say("leaflet.after", {"n": minutes}) if minutes else self._words.gettext("chains.at_once")

    def _points(self, points: Sequence[ContactPoint]) -> str:
        return "\n".join(f"{self._channel(one.channel)}: {one.address}" for one in points) or "–"

    def _channel(self, code: str) -> str:
        named = f"channel.{code}"
        return self._words.gettext(named) if self._words.has(named) else code

    # ---------------------------------------------------------------------------------------------------- playbooks

    def playbooks(self) -> Iterator[LeafletSection]:
        """The newest version of each, step by step, to be worked through by hand."""
        shelf = Shelf.of(self._desk)
        for play in dict.fromkeys(name for name, _ in sorted(shelf.playbooks)):
            told = PlaybookWords(shelf, shelf.walk(play), self._name)
            rows = [
                (str(step.number), step.title + self._instruction(shelf, play, step.key), step.who or step.by_hand,
                 step.within, "\n".join(step.leads) or self._words.gettext("list.separator").join(step.choices))
                for step in told.told()
            ]  # fmt: skip
            title = self._words.say("leaflet.playbook", {"name": shelf.texts.playbook_title(play, self._language)})
            heads = self._heads("step_number", "step", "who", "within", "next")
            table = LeafletTable(title, heads, tuple(rows), WIDTHS["playbook"])
            yield LeafletSection(title, self._words.gettext("leaflet.playbook.lead"), (table,))

    def _instruction(self, shelf: Shelf, play: str, step: str) -> str:
        text = shelf.texts.step_text(play, step, self._language).instruction
        return f"\n{text}" if text else ""

    # -------------------------------------------------------------------------------------------------------- words

    def _at(self, at: datetime | None) -> str:
        return shown_at(at, self._language) if at else "–"

    def _title(self, name: str) -> str:
        return self._words.gettext(f"leaflet.{name}")

    def _heads(self, *names: str) -> tuple[str, ...]:
        return tuple(self._words.gettext(f"leaflet.head.{name}") for name in names)

    def _table(self, name: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> LeafletTable:
        return LeafletTable(self._title(name), self._heads(*heads), tuple(rows), WIDTHS.get(name, ()))

    def _section(self, name: str, table: LeafletTable) -> LeafletSection:
        return LeafletSection(self._title(name), self._words.gettext(f"leaflet.{name}.lead"), (table,))
