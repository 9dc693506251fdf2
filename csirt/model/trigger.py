"""When a contact chain fires: rules as data, asked of what is known about a case. Pure.

A chain has clauses (`[[when]]`); it fires when one of them holds, and a clause holds when each of its keys does. What
nobody has noted about a case is unknown, never false: a clause that only waits for a fact fires `perhaps`, and a person
decides. A clause marked automatic begins its chain by itself once it holds. Which chain fires when follows the routes
to prefecture, state, police and others that a city has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from csirt.model.fact import Fact
from csirt.model.incident import IncidentType, Level


class CaseFact(StrEnum):
    """What may be known of a case beyond its type and level. A suspicion counts as the fact itself."""

    LEAK_SUSPECTED = "leak_suspected"  # personal data, 個人情報の漏えい等のおそれ
    CRIME_SUSPECTED = "crime_suspected"  # 犯罪の疑い, also threats
    LOSS_OR_THEFT = "loss_or_theft"  # 紛失・盗難
    OUTSOURCED = "outsourced"  # 委託・指定管理・連携 handles the data
    PUBLIC_IMPACT = "public_impact"  # citizens notice it
    HELP_WANTED = "help_wanted"  # advice or indicators from outside are wanted


class TouchedSystem(StrEnum):
    """Systems of others with a desk of their own."""

    SECURITY_CLOUD = "security_cloud"  # 自治体情報セキュリティクラウド
    LGWAN = "lgwan"  # 総合行政ネットワーク
    JUKI_NET = "juki_net"  # 住民基本台帳ネットワーク
    MY_NUMBER_CARD = "my_number_card"  # マイナンバーカード関係
    GOV_CLOUD = "gov_cloud"  # ガバメントクラウド
    STANDARD_SYSTEM = "standard_system"  # 標準準拠システム


class Firing(StrEnum):
    """Does a chain fire?"""

    YES = "yes"
    PERHAPS = "perhaps"  # a fact that nobody has noted decides
    NO = "no"


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule. Empty keys ask for nothing; of several values in a key one is enough."""

    types: frozenset[IncidentType] = frozenset()
    level_from: Level | None = None
    facts: frozenset[CaseFact] = frozenset()
    systems: frozenset[TouchedSystem] = frozenset()
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a case now."""

    type: IncidentType
    level: Level
    facts: frozenset[CaseFact] = frozenset()
    systems: frozenset[TouchedSystem] = frozenset()


# What the type of a case says by itself (紛失・盗難 is one; a mis-sent mail may hold personal data).
_OF_A_TYPE = {
    IncidentType.LEAK_MISSENT: {CaseFact.LEAK_SUSPECTED},
    IncidentType.LOSS_THEFT: {CaseFact.LOSS_OR_THEFT, CaseFact.LEAK_SUSPECTED},
    IncidentType.RANSOMWARE: {CaseFact.CRIME_SUSPECTED},
    IncidentType.UNAUTH_ACCESS: {CaseFact.CRIME_SUSPECTED},
    IncidentType.WEB_DEFACE: {CaseFact.CRIME_SUSPECTED, CaseFact.PUBLIC_IMPACT},
    IncidentType.DDOS: {CaseFact.CRIME_SUSPECTED, CaseFact.PUBLIC_IMPACT},
    IncidentType.INSIDER: {CaseFact.CRIME_SUSPECTED},
}


def situation_of(
    type_: IncidentType, level: Level, *, personal_data: str = "unknown", facts: Iterable[CaseFact] = ()
) -> Situation:
    """What type, level and the report's answer about personal data (`yes`, `no`, `unknown`) say of a case."""
    known = {*_OF_A_TYPE.get(type_, ()), *facts}
    if personal_data == "yes":
        known.add(CaseFact.LEAK_SUSPECTED)
    elif personal_data == "no":
        known.discard(CaseFact.LEAK_SUSPECTED)
    return Situation(type_, level, frozenset(known))


def fires(clauses: Iterable[Clause], situation: Situation) -> Firing:
    """Does a chain with these clauses fire? Without any it never does by itself."""
    found = {_holds(clause, situation) for clause in clauses}
    return next((firing for firing in (Firing.YES, Firing.PERHAPS) if firing in found), Firing.NO)


def fires_by_itself(clauses: Iterable[Clause], situation: Situation) -> bool:
    """Does an automatic clause hold? What is unknown never begins a chain."""
    return any(clause.automatic and _holds(clause, situation) is Firing.YES for clause in clauses)


# Which finding of the fact sheet says which fact of a rule; `no` takes back what the type of the case suggests.
_FINDINGS = {
    "personal_data": CaseFact.LEAK_SUSPECTED,
    "leak": CaseFact.LEAK_SUSPECTED,
    "crime": CaseFact.CRIME_SUSPECTED,
    "lost_or_stolen": CaseFact.LOSS_OR_THEFT,
    "contractor_involved": CaseFact.OUTSOURCED,
    "public_impact": CaseFact.PUBLIC_IMPACT,
    "help_wanted": CaseFact.HELP_WANTED,
}
_LONG_STOPS = frozenset({"long", "city_wide"})  # of a service: citizens notice it
_SYSTEMS = {
    ("jlis_systems", "lgwan"): TouchedSystem.LGWAN,
    ("jlis_systems", "juki_net"): TouchedSystem.JUKI_NET,
    ("jlis_systems", "card"): TouchedSystem.MY_NUMBER_CARD,
    ("layers", "gov_cloud"): TouchedSystem.GOV_CLOUD,
    ("shared_systems", "security_cloud"): TouchedSystem.SECURITY_CLOUD,
    ("shared_systems", "gov_cloud"): TouchedSystem.GOV_CLOUD,
    ("shared_systems", "standard_system"): TouchedSystem.STANDARD_SYSTEM,
}


def situation_from(
    type_: IncidentType, level: Level, sheet: Mapping[str, Fact], *, personal_data: str = "unknown"
) -> Situation:
    """What type, level and the fact sheet say of a case. A leak found later outweighs a report that denied it."""
    known = set(situation_of(type_, level, personal_data=personal_data).facts)
    found = {name: sheet[name].value for name in _FINDINGS if name in sheet}
    known -= {_FINDINGS[name] for name, value in found.items() if value == "no"}
    known |= {_FINDINGS[name] for name, value in found.items() if value in {"yes", "suspected"}}
    if (stop := sheet.get("service_stop")) and stop.value in _LONG_STOPS:
        known.add(CaseFact.PUBLIC_IMPACT)
    systems = {system for (name, code), system in _SYSTEMS.items() if code in _codes(sheet.get(name))}
    return Situation(type_, level, frozenset(known), frozenset(systems))


def _codes(fact: Fact | None) -> tuple[str, ...]:
    return fact.value if fact and isinstance(fact.value, tuple) else ()


def _holds(clause: Clause, situation: Situation) -> Firing:
    if clause.types and situation.type not in clause.types:
        # A case whose kind nobody knows yet may turn out to be any.
        return Firing.PERHAPS if situation.type is IncidentType.UNDECIDED else Firing.NO
    if clause.level_from is not None and situation.level < clause.level_from:
        return Firing.NO
    waits = (clause.facts and not clause.facts & situation.facts) or (
        clause.systems and not clause.systems & situation.systems
    )
    return Firing.PERHAPS if waits else Firing.YES
