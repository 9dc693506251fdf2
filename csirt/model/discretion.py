"""What must not be in a message that leaves the house: only a number and a reading place go instead. Pure.

市区町村 send calls over mail, chat and fax, which others read too: names of victims, 個人番号, passwords, health facts,
open weaknesses, live links, suspects and TLP:RED text stay where the case is read. A chain names what it never says
(`never_say`); the rule is applied to the facts of every message, last before a template sees them.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from csirt.guard import mask


class NeverSay(StrEnum):
    """Kinds of content that a chain never says."""

    VICTIM_NAMES = "victim_names"  # 被害者等の氏名
    MY_NUMBERS = "my_numbers"  # 個人番号
    PASSWORDS = "passwords"  # パスワード・鍵
    HEALTH = "health"  # 健康・福祉に関する事項
    WEAKNESSES = "weaknesses"  # 未対策の弱点, network plans
    LIVE_LINKS = "live_links"  # 検体・悪性URL
    SUSPECTS = "suspects"  # 被疑者の氏名
    TLP_RED = "tlp_red"  # TLP:RED の本文


ALL = frozenset(NeverSay)
"""What a chain withholds that names nothing: everything."""

# Facts of a message by the kind of content that they may hold. Everything else that messages know are codes and times.
_HOLD: Mapping[NeverSay, frozenset[str]] = {
    NeverSay.VICTIM_NAMES: frozenset(
        {"victim", "victims", "persons", "reporter", "account", "title", "note", "reason"}
    ),
    NeverSay.HEALTH: frozenset({"health", "account", "note", "reason"}),
    NeverSay.WEAKNESSES: frozenset({"weakness", "network", "host", "address", "note"}),
    NeverSay.LIVE_LINKS: frozenset({"indicator", "malware_url", "sample_file", "note"}),
    NeverSay.SUSPECTS: frozenset({"suspect", "account", "note", "reason"}),
}
_MASKED = frozenset({NeverSay.MY_NUMBERS, NeverSay.PASSWORDS})
_RED = "red"

# All that a message about a TLP:RED case says: that there is one, its number, where to read, for whom, until when.
_NUMBER_AND_PLACE = frozenset(
    {
        "number", "year", "ordinal", "incident", "assignment", "link", "ack_link", "place", "called_as", "callee",
        "phone", "channel", "city", "at", "due", "deadline", "drill", "sample", "repeat", "escalation", "report_no",
        "level", "tlp", "count", "ack_code",
    }
)  # fmt: skip
# Numbers to dial, links, ids and times, whose form is checked elsewhere: a masked one is of no use.
_AS_THEY_ARE = frozenset(
    {
        "link", "ack_link", "ack_code", "phone", "at", "due", "deadline", "occurred", "noticed", "known", "received",
        "closed", "number", "year", "ordinal", "incident", "assignment", "escalation",
    }
)  # fmt: skip


_OF_A_SEALED_CASE = frozenset({"incident", "year", "ordinal", "assignment", "at", "due", "escalation"})


def neutral(facts: Mapping[str, str]) -> dict[str, str]:
    """All that a message about a sealed case says: its number, where to read, until when. Neither type nor step."""
    return {name: value for name, value in facts.items() if name in _OF_A_SEALED_CASE}


def withhold(facts: Mapping[str, str], kinds: Iterable[NeverSay]) -> dict[str, str]:
    """The facts that may be said: those of a forbidden kind are gone, numbers and passwords in the rest are masked.

    `facts["tlp"]` is the case's mark (`red`, `amber`, …), where it has one.
    """
    kinds = frozenset(kinds)
    gone = frozenset[str]().union(*(_HOLD.get(kind, frozenset()) for kind in kinds))
    said = {name: value for name, value in facts.items() if name not in gone}
    if NeverSay.TLP_RED in kinds and said.get("tlp", "").lower() == _RED:
        said = {name: value for name, value in said.items() if name in _NUMBER_AND_PLACE}
    if kinds & _MASKED:
        said = {name: value if name in _AS_THEY_ARE else mask(value) for name, value in said.items()}
    return said
