"""The catalogs say everything, in both languages, and nothing twice."""

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

import pytest

from csirt import founding
from csirt.anchoring import WAYS
from csirt.errors import Invalid, NotFound, PlaybookDrift
from csirt.model.announcement import AnnouncementState, Ground, Outlet
from csirt.model.approval import Act, ReportState
from csirt.model.authority import Permission, Scope
from csirt.model.contact import Need, StopOn
from csirt.model.discretion import NeverSay
from csirt.model.duty import Binding, DutyState
from csirt.model.erasure import ErasureBasis, ErasureState
from csirt.model.escalation import RouteState
from csirt.model.evidence import EvidenceState
from csirt.model.fact import FINDINGS, UNITS, FactSource, FactState, catalogue_from
from csirt.model.health import PartState
from csirt.model.incident import Disposition, IncidentStatus, IncidentType, Level
from csirt.model.law import SENSED, law_from, levels_from
from csirt.model.linking import Because
from csirt.model.measure import MeasureState
from csirt.model.message import DeliveryState
from csirt.model.observable import KINDS
from csirt.model.order import OrderKind
from csirt.model.people import Role
from csirt.model.report import Trust
from csirt.model.sharing import MOST_HOSTS
from csirt.model.source import Way
from csirt.model.statistics import Held, Span
from csirt.model.step import APPROVE_OR_REFUSE, DONE_OR_CANNOT, YES_NO, StepKind, StepState
from csirt.model.trigger import CaseFact, TouchedSystem
from csirt.playbook.differing import ASPECTS
from csirt.record.entry import EntryKind
from csirt.response.duties import CHANNELS
from csirt.response.merging import MERGED
from csirt.response.projection import Projection
from csirt.response.trials import Fate
from csirt.store.queries.related import MOST_CASES
from csirt.texts.catalogs import LANGUAGES, Catalog, catalog, read_catalog
from csirt.web.look import STATIC
from csirt.web.pages.authority import RULES
from csirt.web.pages.gathering import FOLDED
from csirt.web.views.audit import Verdict
from csirt.web.views.frame import NAVIGATION

ROOT = Path(__file__).parents[2]
CATALOGUE = catalogue_from(founding.read_toml(founding.LAW / "facts.toml"), "facts.toml")
BOOK = law_from(founding.read_toml(founding.LAW / "duties.toml"), CATALOGUE, "duties.toml")
LEVELS = levels_from(founding.read_toml(founding.LAW / "levels.toml"), CATALOGUE, "levels.toml")
FAMILIES = (
    "Invalid|Forbidden|NotSignedIn|NotFound|Conflict|AlreadyAnswered|LeaseLost|Unavailable|DirectoryUnavailable|"
    "DeliveryFailed|Untrusted|LedgerBroken|PlaybookDrift|UnrecordedChange|Unreadable|Nobody|Weakness"
)
RAISED = re.compile(rf'\b(?:{FAMILIES}|refuse|found)\(\s*"([a-z][a-z_]+)"')
NAMED = re.compile(r"""_\("([a-z][a-zA-Z0-9_.]+)"[,)]""")
HELD = re.compile(r'"((?:[a-z_]+\.)+[a-zA-Z0-9_]+)"')
PLACES = re.compile(r"%\((\w+)\)s")
VALUES: dict[str, type[Enum]] = {
    "joined": Because, "trial": Fate, "permission": Permission, "scope": Scope,
    "kind": EntryKind, "type": IncidentType, "level": Level, "status": IncidentStatus, "disposition": Disposition,
    "role": Role, "delivery": DeliveryState, "step_state": StepState, "step_kind": StepKind, "need": Need,
    "stop_on": StopOn, "route_state": RouteState, "measure_state": MeasureState, "verdict": Verdict,
    "health.state": PartState, "health.all": PartState,
    "erasure_basis": ErasureBasis, "erasure_state": ErasureState, "span": Span, "span_formula": Span, "held": Held,
    "fact": CaseFact, "system": TouchedSystem, "never_say": NeverSay, "evidence_state": EvidenceState,
    "report_state": ReportState, "report_act": Act, "trust": Trust,
    "order": OrderKind, "announcement_state": AnnouncementState, "outlet": Outlet, "ground": Ground,
    "way": Way, "duty_state": DutyState, "binding": Binding, "fact_state": FactState, "fact_source": FactSource,
}  # fmt: skip
PARTS = (
    "database", "worker", "work", "lease", "prefect", "channel", "directory", "record", "source", "quarantine",
    "checkpoint", "state", "witness", "disk", "holidays", "anchor", "bundle",
)  # fmt: skip
LISTS = {
    "level_means": range(5),
    "gathered": [kind.value for kind in FOLDED],
    "health.part": PARTS,
    "health.todo": PARTS,
    "health.figures": ("quarantine", "disk"),
    "health.why": (
        "worker_never_seen",
        "worker_silent",
        "prefect_not_seen_yet",
        "prefect_not_asked",
        "record_never_verified",
        "record_verified_long_ago",
        "checkpoint_missing",
        "checkpoint_old",
        "anchor_old",
        "bundle_missing",
        "bundle_old",
        "witness_silent",
        "source_silent",
        "holidays_end",
        "database_as_owner",
    ),
    "authority.rule": RULES,
    "firing": ("yes", "perhaps"),
    "administration": (
        "sources",
        "channels",
        "directory",
        "calendar",
        "absences",
        "chains",
        "access",
        "tokens",
        "health",
        "sources.silent",
        "sources.all_heard",
    ),
    "calendar": ("open", "closed", "origin.city", "origin.law", "origin.forecast"),
    "channels.state": ("ok", "late", "down"),
    "channel.way": ("smtp", "folder", "webhook", "apprise", "other"),
    "candidate": (*MOST_HOSTS, "domain"),
    "related": tuple(MOST_CASES),
    "trial": ("joins_case", "repeats_case"),
    "nav": NAVIGATION,
    "directory": ("ldif", "ldap"),
    "auth": ("ldif", "ldap", "oidc", "sealed"),
    "cli.directory": (
        "people",
        "posts",
        "shut",
        "grants",
        "unseen",
        "ambiguous",
        "doubled",
        "vacant",
        "account",
        "name",
        "title",
        "department",
        "manager",
        "point",
        "post",
        "group",
        "state",
        "account_disabled",
        "account_expired",
    ),
    "choice": tuple(choice.code for choice in (*YES_NO, *DONE_OR_CANNOT, *APPROVE_OR_REFUSE)),
    "change": (*ASPECTS, "added", "removed", "then"),
    "observable": KINDS,
    "called": ("queued", "sent", "refused"),
    "clock": ("occurred", "noticed", "known", "received"),
    "found": ("incident", "note", "detection"),
    "opening.step": ("what", "where", "data", "confirm"),
    "board.count": ("open_incidents", "my_assignments", "calls", "waiting"),
    "channel": ("mail", "lgwan-mail", "phone", "fax", "visit", "webhook", "folder"),
    "finding": FINDINGS,
    "report_channel": CHANNELS,
    "addressee": tuple(sorted({rule.addressee for rule in BOOK.rules})),
    "reason": tuple(sorted({one.code for rule in BOOK.rules for one in rule.reasons})),
    "level_because": (
        SENSED,
        "rule",
        "report",
        "officer",
        "facts",
        MERGED,
        *(one.code for one in (*LEVELS.rules, *LEVELS.presumed)),
    ),
    "opening.if": ("level", "leak", "level_or_leak", "both"),
    "doubt": tuple(sorted({rule.doubt for rule in BOOK.rules if rule.doubt})),
    "unit": (*UNITS, "none"),
    "unit_name": UNITS,
    "month": tuple(str(number) for number in range(1, 13)),
    "weekday": tuple(str(number) for number in range(1, 8)),
    "span": ("days", "hours", "minutes", "seconds"),
    "export": ("xlsx", "pdf", "csv", "jsonl", "timesketch"),
    "anchor": (*WAYS, "witness"),
    "anchor.off": (*WAYS, "witness"),
    "signer": ("log", "quantum", "witness"),
    "leaflet.head": (
        "number",
        "type",
        "level",
        "received",
        "duty",
        "due",
        "who",
        "since",
        "post",
        "person",
        "points",
        "office",
        "confirmed",
        "route",
        "after",
        "step_number",
        "step",
        "within",
        "next",
    ),
    "leaflet": ("cases", "duties", "questions", "posts", "offices", "chains", "playbook", "posts.lead", "offices.lead"),
    "proof": ("holds", "broken", "not_yet", "no_checkpoint"),
    "state": (
        "reason",
        "ground",
        "type",
        "proposed_level",
        "level",
        "fiscal_year",
        "ordinal",
        "drill",
        "status",
        "disposition",
        "merged_into",
        "closed_at",
        "opened_by",
        "received",
        "title",
        "closing",
        "rule",
        "edition",
        "state",
        "last_day",
        "uncertain",
        "owner",
        "due",
        "text",
        "by",
        "size",
        "address",
        "name",
        "sha256",
        "value",
        "source",
        "playbook",
        "version",
        "stopped_by",
        "step",
        "who",
        "choice",
        "answered_by",
        "taken_by",
        "asked_by",
        "necessary",
        "proxy_for",
    ),
    "state_of": tuple(Projection().tables),
    "language": LANGUAGES,
    "problem": tuple(
        f"{status}.{part}"
        for status in (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
        for part in ("title", "todo")
    ),
}


def sources(*patterns: str) -> Iterator[str]:
    """The text of our own files."""
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            yield file.read_text(encoding="utf-8")


def needed() -> set[str]:
    """Every code that the product may ask a catalog for."""
    codes = {f"{name}.{getattr(value, 'value', value)}" for name, kind in VALUES.items() for value in kind}
    codes |= {f"{name}.{value}" for name, values in LISTS.items() for value in values}
    codes |= {f"error.{code}" for text in sources("csirt/**/*.py", "notifications/**/*.py", "playbooks/**/*.py")
              for code in RAISED.findall(text)}  # fmt: skip
    return codes | {code for text in sources("csirt/web/templates/*.html") for code in NAMED.findall(text)}


def lacking(words: Catalog, codes: Iterable[str]) -> list[str]:
    """The codes without a text."""
    return sorted(code for code in codes if not words.has(code))


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_said_has_a_text(language: str) -> None:
    """Kinds, types, levels, roles, states, errors raised anywhere in the source, and what templates name."""
    assert lacking(catalog(language), needed()) == []


def test_both_languages_say_the_same_things_with_the_same_places() -> None:
    """No text in one language only, and none that forgets a parameter."""
    ja, en = (catalog(language).texts for language in LANGUAGES)
    assert set(ja) == set(en)
    assert [code for code in ja if set(PLACES.findall(ja[code])) != set(PLACES.findall(en[code]))] == []


def test_no_page_text_is_left_over() -> None:
    """A text that nothing asks for any more is taken out."""
    held = set().union(
        *(HELD.findall(text) for text in sources("csirt/**/*.py", "notifications/*.py", "csirt/web/templates/*.html"))
    )
    used = needed() | held | {"error.other"}
    pages = read_catalog(ROOT / "csirt" / "texts", "ja").texts
    dynamic = (
        "administration.",
        "asset.",
        "calendar.o",
        "channels.state.",
        "ignoring.",
        "observable.",
        "detection.state.",
        "layer.",
        "health.part.",
        "health.todo.",
        "error.",
        "notice.",
        "skipped.",
        "actor.",
        "choice.",
        "tell.",
        "channel.",
        "problem.",
        "verdict.",
    )
    assert [code for code in pages if code not in used and not code.startswith(dynamic)] == []


def test_an_error_becomes_a_sentence() -> None:
    """By its code; with its parameters; and by a general one that names the code where there is none."""
    words = catalog("en")
    assert words.sentence(PlaybookDrift("playbook_drift")) == words.say("error.playbook_drift")
    assert words.error("city_missing", {"folder": "desk"}) == "There is no city in this folder (desk)."
    assert words.error("city_missing") == "There is no city in this folder (–)."
    assert "never_heard_of" in words.error("never_heard_of")
    assert words.error("100%_wrong%s") == "It could not be done (100%_wrong%s)."


def test_a_missing_text_shows_its_code_or_is_refused() -> None:
    """At work a code is better than nothing; in tests it is an error."""
    assert Catalog("ja", {}).say("no.such 100%") == "no.such 100%"
    with pytest.raises(NotFound, match="text_missing"):
        Catalog("ja", {}, strict=True).gettext("no.such")


def test_a_code_given_twice_is_refused(tmp_path: Path) -> None:
    """Two files of one language may not both define a code."""
    (tmp_path / "ja").mkdir()
    for name in ("one", "two"):
        (tmp_path / "ja" / f"{name}.po").write_text('msgid "a.b"\nmsgstr "c"\n', encoding="utf-8")
    with pytest.raises(Invalid, match="text_twice"):
        read_catalog(tmp_path, "ja")


def test_an_unknown_language_is_refused() -> None:
    """Languages are a closed list."""
    with pytest.raises(Invalid, match="text_unknown_language"):
        catalog("../ja")


def test_no_sentence_stands_in_a_template_or_the_style_sheet() -> None:
    """Words are in the catalogs. The handling mark is one everywhere, so the style sheet may print it."""
    japanese = re.compile(r"[ぁ-んァ-ヶ一-龠]")
    templates = [line for text in sources("csirt/web/templates/*.html") for line in text.splitlines()]
    assert [line for line in templates if japanese.search(line)] == []
    style = (STATIC / "desk.css").read_text(encoding="utf-8").replace("取扱注意", "").replace("ゴシック", "")
    assert not japanese.search(style)
