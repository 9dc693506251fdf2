"""Who may do what: one table, and the three questions asked of it.

Who decides what follows 総務省「地方公共団体における情報セキュリティポリシーに関するガイドライン」: the CSIRT head
judges whether it is an incident, the director and the CISO order, the window for reports keeps the case. Its ban on
holding both sides of a check (兼務の禁止: the auditor is not the audited) is why an auditor has an auditor's
permissions only, whatever else the directory says of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from csirt.errors import Forbidden, StepUpNeeded
from csirt.model.people import Actor, Role


class Permission(StrEnum):
    """What may be allowed. The value is also the text key."""

    OPEN_INCIDENT = "open_incident"
    DECIDE_TRIAGE = "decide_triage"  # is it an incident?
    MERGE_INCIDENTS = "merge_incidents"  # and take them apart again
    ANSWER_STEP = "answer_step"  # at all; which step: `may_answer`
    ASSIGN_STEP = "assign_step"  # hand over what others have in hand; only to people who may answer it themselves
    CANCEL_STEP = "cancel_step"  # take a step back that is no longer needed
    SKIP_STEP = "skip_step"  # go on without a step
    SKIP_MANDATORY_STEP = "skip_mandatory_step"  # the same for a step that the playbook calls mandatory
    SET_LEVEL = "set_level"  # at all; which level: the city's `level_setters`
    ACKNOWLEDGE_CALL = "acknowledge_call"
    ENTER_ABSENCE = "enter_absence"  # one's own
    KEEP_CONTACTS = "keep_contacts"  # others' absences, hand-overs of posts, confirmed contact data
    START_CHAIN = "start_chain"  # begin a contact chain for a case by hand
    FILL_CALL_SHEET = "fill_call_sheet"
    ADD_NOTE = "add_note"
    ADD_MEASURE = "add_measure"
    CHECK_MEASURE = "check_measure"  # look whether it had the effect that was meant
    RECORD_REVIEW = "record_review"
    DRAFT_ANNOUNCEMENT = "draft_announcement"  # and record where and when it was said
    APPROVE_ANNOUNCEMENT = "approve_announcement"  # at all; CISO and mayor decide, never the author
    COLLECT_EVIDENCE = "collect_evidence"
    READ_EVIDENCE = "read_evidence"  # its content; every time is recorded
    HAND_OVER_EVIDENCE = "hand_over_evidence"
    STATE_FACT = "state_fact"
    REPORT_DUTY = "report_duty"
    WAIVE_DUTY = "waive_duty"  # at all; which duty: the post that its rule names
    DRAFT_REPORT = "draft_report"  # and write down a yes by phone
    APPROVE_REPORT = "approve_report"  # at all; which: the posts of its route
    CLOSE_INCIDENT = "close_incident"
    SEAL_INCIDENT = "seal_incident"  # and name its readers, and lift the seal
    BREAK_GLASS = "break_glass"  # open a sealed incident without having been named
    MOVE_RUN = "move_run"  # to another version of its playbook
    READ_INCIDENTS = "read_incidents"
    READ_RECORD = "read_record"
    EXPORT_RECORD = "export_record"
    PROPOSE_ERASURE = "propose_erasure"  # of personal data; a second person decides
    APPROVE_ERASURE = "approve_erasure"
    KEEP_ASSETS = "keep_assets"  # import the asset ledger
    ISSUE_TOKEN = "issue_token"  # noqa: S105 - the name of a permission
    TRY_SOURCE = "try_source"  # read a file as a source would, without keeping anything
    ADMINISTER = "administer"
    RESET_SECOND_FACTOR = "reset_second_factor"  # of somebody who lost theirs: one asks, another one agrees
    INGEST = "ingest"


_DESK = frozenset({Role.OFFICER, Role.RESPONDER, Role.CSIRT_HEAD})
_HEADS = frozenset({Role.CSIRT_HEAD, Role.DIRECTOR, Role.CISO})
_HANDLERS = _DESK | {Role.SYSTEM_MANAGER, Role.PRIVACY_OFFICER, Role.PUBLIC_RELATIONS}
_CALLED = _HANDLERS | _HEADS
_NOBODY: frozenset[Role] = frozenset()

ALLOWED: Mapping[Permission, frozenset[Role]] = MappingProxyType(
    {
        Permission.OPEN_INCIDENT: _DESK | {Role.DIRECTOR},
        Permission.DECIDE_TRIAGE: frozenset({Role.OFFICER, Role.CSIRT_HEAD}),
        Permission.MERGE_INCIDENTS: frozenset({Role.OFFICER, Role.CSIRT_HEAD}),
        Permission.ANSWER_STEP: _CALLED,
        Permission.ASSIGN_STEP: frozenset({Role.OFFICER, Role.CSIRT_HEAD, Role.DIRECTOR}),
        Permission.CANCEL_STEP: _HEADS | {Role.OFFICER},
        Permission.SKIP_STEP: _HEADS,
        Permission.SKIP_MANDATORY_STEP: _HEADS - {Role.CSIRT_HEAD},
        Permission.SET_LEVEL: _HEADS | {Role.OFFICER},
        Permission.ACKNOWLEDGE_CALL: _CALLED,
        Permission.ENTER_ABSENCE: _CALLED | {Role.ADMINISTRATOR},
        Permission.KEEP_CONTACTS: frozenset({Role.OFFICER, Role.CSIRT_HEAD, Role.ADMINISTRATOR}),
        Permission.START_CHAIN: _DESK | _HEADS,
        Permission.FILL_CALL_SHEET: _HANDLERS,
        Permission.ADD_NOTE: _CALLED,
        Permission.ADD_MEASURE: _CALLED - {Role.PUBLIC_RELATIONS},
        Permission.CHECK_MEASURE: _HEADS | {Role.OFFICER, Role.SYSTEM_MANAGER, Role.PRIVACY_OFFICER},
        Permission.RECORD_REVIEW: _HEADS | {Role.OFFICER},
        Permission.DRAFT_ANNOUNCEMENT: _HEADS | {Role.OFFICER, Role.PUBLIC_RELATIONS, Role.PRIVACY_OFFICER},
        Permission.APPROVE_ANNOUNCEMENT: frozenset({Role.CISO}),
        Permission.COLLECT_EVIDENCE: _CALLED,
        Permission.READ_EVIDENCE: _CALLED - {Role.PUBLIC_RELATIONS} | {Role.AUDITOR},
        Permission.HAND_OVER_EVIDENCE: frozenset({Role.OFFICER, Role.CSIRT_HEAD, Role.DIRECTOR}),
        Permission.STATE_FACT: _CALLED,
        Permission.REPORT_DUTY: _CALLED,
        Permission.WAIVE_DUTY: _HEADS,
        Permission.DRAFT_REPORT: _CALLED,
        Permission.APPROVE_REPORT: _CALLED,
        Permission.CLOSE_INCIDENT: frozenset({Role.OFFICER, Role.CSIRT_HEAD, Role.DIRECTOR}),
        Permission.SEAL_INCIDENT: _HEADS | _DESK,
        Permission.BREAK_GLASS: _HEADS,
        Permission.MOVE_RUN: frozenset({Role.OFFICER, Role.CSIRT_HEAD}),
        Permission.READ_INCIDENTS: _CALLED | {Role.AUDITOR},
        Permission.READ_RECORD: _HEADS | {Role.OFFICER, Role.AUDITOR, Role.ADMINISTRATOR},
        Permission.EXPORT_RECORD: frozenset({Role.OFFICER, Role.CSIRT_HEAD, Role.AUDITOR}),
        Permission.PROPOSE_ERASURE: frozenset({Role.PRIVACY_OFFICER, Role.CSIRT_HEAD}),
        Permission.APPROVE_ERASURE: frozenset({Role.DIRECTOR, Role.CISO}),
        Permission.KEEP_ASSETS: frozenset({Role.OFFICER, Role.CSIRT_HEAD, Role.SYSTEM_MANAGER, Role.ADMINISTRATOR}),
        Permission.ISSUE_TOKEN: frozenset({Role.ADMINISTRATOR}),
        Permission.TRY_SOURCE: frozenset({Role.OFFICER, Role.CSIRT_HEAD, Role.SYSTEM_MANAGER, Role.ADMINISTRATOR}),
        Permission.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
        Permission.RESET_SECOND_FACTOR: frozenset({Role.ADMINISTRATOR, Role.CSIRT_HEAD, Role.DIRECTOR}),
        Permission.INGEST: frozenset({Role.SENSOR, Role.OFFICER, Role.RESPONDER}),
    }
)
"""The table. Whoever is not in a row may not."""

NEEDS_STEP_UP = frozenset(
    {
        Permission.APPROVE_ERASURE,
        Permission.APPROVE_REPORT,
        Permission.BREAK_GLASS,
        Permission.EXPORT_RECORD,
        Permission.ISSUE_TOKEN,
        Permission.READ_EVIDENCE,
        Permission.RESET_SECOND_FACTOR,
    }
)
"""What somebody may do only shortly after they proved again who they are.

Evidence is among it because its content leaves the desk as a file: logs, images of disks, letters of third persons.
Use cases ask for it besides where only one side of a permission is grave: approving (not refusing) a step or an
announcement, naming a reader of a sealed case and lifting its seal (not sealing it), taking a second factor away."""

OF_A_POST = frozenset(
    {
        Permission.ANSWER_STEP,
        Permission.ACKNOWLEDGE_CALL,
        Permission.READ_INCIDENTS,
        Permission.COLLECT_EVIDENCE,
        Permission.ENTER_ABSENCE,
        Permission.WAIVE_DUTY,
        Permission.APPROVE_REPORT,
        Permission.APPROVE_ANNOUNCEMENT,
    }
)
"""What holding or deputising for any post brings along, for people without a role, such as the mayor."""

_OF_A_LINK = frozenset({Permission.ACKNOWLEDGE_CALL})
"""A link in a mail, or an answer to it, shows only that somebody has the mail: enough for "I heard", not to decide."""

_NOT_OF_THE_SYSTEM = frozenset(
    {
        Permission.ANSWER_STEP,
        Permission.ASSIGN_STEP,
        Permission.CANCEL_STEP,
        Permission.SKIP_STEP,
        Permission.SKIP_MANDATORY_STEP,
        Permission.APPROVE_REPORT,
    }
)
"""What a person decides, no machine decides."""


GOES_UP: Mapping[str, str] = MappingProxyType(
    {
        "role:responder": "role:officer",
        "role:system_manager": "role:officer",
        "role:public_relations": "role:officer",
        "role:officer": "role:csirt_head",
        "role:privacy_officer": "role:csirt_head",
        "role:csirt_head": "post:director",
        "post:csirt-head": "post:director",
        "role:director": "post:ciso",
        "post:director": "post:ciso",
    }
)
"""Who is asked next where somebody says that they cannot do it. Up only: nobody gets to decide for those above."""


class Scope(StrEnum):
    """What an API token is good for. The value is also the text key."""

    INTAKE = "intake"  # sends detections
    READ = "read"  # reads incidents, never a sealed one
    HEALTH = "health"  # reads how the desk itself is


SCOPES: Mapping[Scope, frozenset[Permission]] = MappingProxyType(
    {
        Scope.INTAKE: frozenset({Permission.INGEST}),
        Scope.READ: frozenset({Permission.READ_INCIDENTS}),
        Scope.HEALTH: frozenset(),
    }
)
"""A token decides nothing and changes nothing but what comes in: no other permission is given to one."""


def may(actor: Actor, permission: Permission) -> bool:
    """May this actor do this at all?

    Local administration on the machine (`local`) may do everything, the system itself everything but answer for a
    person: both stand in the record as what they are.
    """
    if actor.auth == "local":
        return True
    if actor.auth == "system":
        return permission not in _NOT_OF_THE_SYSTEM
    if actor.auth in {"link", "mail"}:
        return permission in _OF_A_LINK
    if actor.auth == "api":
        return any(permission in SCOPES[scope] for scope in Scope if scope in actor.scopes)
    if _may_by_role(actor, permission):
        return True
    return permission in OF_A_POST and bool(actor.posts) and not _audits(actor)


def must(actor: Actor, permission: Permission) -> None:
    """Nothing if the actor may.

    Raises:
        Forbidden: `not_permitted`, with the permission that is missing.
        StepUpNeeded: `step_up_needed`: they may, once they prove again who they are.
    """
    if not may(actor, permission):
        raise Forbidden("not_permitted", permission=permission.value)
    if permission in NEEDS_STEP_UP:
        must_be_fresh(actor)


def must_be_fresh(actor: Actor) -> None:
    """Raises `StepUpNeeded` unless the actor proved shortly before who they are."""
    if not actor.fresh:
        raise StepUpNeeded("step_up_needed")


def may_answer(actor: Actor, who: str) -> bool:
    """May this actor answer a step that was given to `who` (`role:responder`, `post:ciso`, `holder:ciso`)?

    A named person answers for themselves. A post may be answered for by its holder and deputies, `holder` by the holder
    alone. There is no ladder: a CISO does not answer for a responder.
    """
    if not may(actor, Permission.ANSWER_STEP):
        return False
    if actor.auth == "local" or who == actor.id:  # asked by name
        return True
    kind, _, name = who.partition(":")
    if kind == "post":
        return name in actor.posts
    if kind == "holder":
        return name in actor.holds
    if kind == "role":
        return any(role.value == name for role in actor.roles & ALLOWED[Permission.ANSWER_STEP])
    return False


def _may_by_role(actor: Actor, permission: Permission) -> bool:
    allowed = ALLOWED.get(permission, _NOBODY)
    roles = frozenset({Role.AUDITOR}) if _audits(actor) else actor.roles
    return not allowed.isdisjoint(roles)


def _audits(actor: Actor) -> bool:
    return Role.AUDITOR in actor.roles
