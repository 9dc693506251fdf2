"""The city as configured: chains, outside offices, rules, office hours. Read at start, frozen, given to use cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from csirt.model.asset import AssetRule
from csirt.model.calendar import OfficeCalendar
from csirt.model.contact import ContactChain
from csirt.model.deciding import DeciderBook
from csirt.model.duty import LawBook
from csirt.model.fact import FactCatalogue
from csirt.model.holidays import Holidays
from csirt.model.incident import IncidentType, Level
from csirt.model.law import LevelBook
from csirt.model.people import Office, Role
from csirt.model.rates import AnswerRates
from csirt.model.reminder import ReminderBook
from csirt.model.report import FormBook
from csirt.model.report_forms import ANY_FORM, ApprovalRoute, ReportRules
from csirt.model.source import Source


@dataclass(frozen=True, slots=True)
class TypeRule:
    """A detection whose title, category or signature matches `pattern` (RE2-safe, case-folded) suggests this type."""

    type: IncidentType
    pattern: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class TriageRules:
    """When a case opens by itself, and what a detection suggests. Dated data: `source` says where they come from."""

    opens_from: Level = Level.SERIOUS
    types: tuple[TypeRule, ...] = ()
    source: str = ""
    assets: tuple[AssetRule, ...] = ()


def _no_rules() -> ReportRules:
    return ReportRules({ANY_FORM: ApprovalRoute((), "ciso")})


@dataclass(frozen=True, slots=True)
class City:
    """Everything about a city that use cases may need and that is not a person."""

    code: str
    name_ja: str
    name_en: str
    chains: Mapping[str, ContactChain] = field(default_factory=dict)
    offices: Mapping[str, Office] = field(default_factory=dict)
    rules: TriageRules = field(default_factory=TriageRules)
    calendar: OfficeCalendar = field(default_factory=OfficeCalendar)
    holidays: Holidays | None = None  # what the calendar's holidays are, and for which years
    sample: bool = False
    base_url: str = ""
    level_setters: Mapping[Level, str] = field(default_factory=dict)  # level -> the post that sets it
    rates: AnswerRates | None = None  # how people answer, for rehearsals
    playbooks: Mapping[IncidentType, tuple[str, int]] = field(default_factory=dict)  # type -> playbook, version
    facts: FactCatalogue = field(default_factory=FactCatalogue)
    sources: Mapping[str, Source] = field(default_factory=dict)  # what sends detections, by name
    law: LawBook = field(default_factory=LawBook)
    levels: LevelBook = field(default_factory=LevelBook)
    deciders: DeciderBook = field(default_factory=DeciderBook)
    second_factor: frozenset[Role] = frozenset()  # roles that need one at sign-in
    reminders: ReminderBook = field(default_factory=ReminderBook)
    asset_headings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of the ledger, by field
    forms: FormBook = field(default_factory=FormBook)
    reports: ReportRules = field(default_factory=_no_rules)
