"""One entry of the record: what it holds, and the exact bytes that are hashed.

An entry holds no personal data and no free text. People are opaque ids, `out` holds codes and numbers, and a text is
represented by a salted commitment (`pay`). The grammar of the bytes lies in `verify_record`, which is shipped with
every export: what is written here is checked by the very code that an auditor runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import orjson

from csirt.errors import Invalid
from csirt.record import verify_record
from csirt.record.verify_record import MAX_INT, Bad

Out = str | int | bool | Sequence[str]


class EntryKind(StrEnum):
    """What happened, in the past tense. A kind is never removed: old records keep theirs."""

    CITY_INITIALISED = "CITY_INITIALISED"  # the record begins; names the city and the log's origin
    DETECTIONS_ACCEPTED = "DETECTIONS_ACCEPTED"  # a batch was taken in; holds its digest
    DETECTIONS_JOINED = "DETECTIONS_JOINED"  # detections were put into an open incident
    DETECTIONS_WAITING = "DETECTIONS_WAITING"  # detections below the opening level wait for an officer's decision
    DETECTION_IGNORED = "DETECTION_IGNORED"  # an officer decided that a detection opens no incident
    DETECTIONS_MOVED = "DETECTIONS_MOVED"  # detections left an incident for another one, or for none
    INCIDENT_OPENED = "INCIDENT_OPENED"  # a case was opened, by rule or by a person
    INCIDENTS_MERGED = "INCIDENTS_MERGED"  # an incident turned out to be part of another one
    INCIDENTS_UNMERGED = "INCIDENTS_UNMERGED"  # it was one of its own after all
    INCIDENT_TYPE_SET = "INCIDENT_TYPE_SET"  # what kind of incident it is was decided or changed
    LEVEL_PROPOSED = "LEVEL_PROPOSED"  # a rule proposed a level
    LEVEL_SET = "LEVEL_SET"  # a post set the level, with a reason
    RUN_ORDERED = "RUN_ORDERED"  # a playbook was ordered for the incident
    RUN_ENDED = "RUN_ENDED"  # a playbook came to its end and left the incident open
    RUN_STOPPED = "RUN_STOPPED"  # a run ended early: drift, or a person stopped it
    RUN_RESUMED = "RUN_RESUMED"  # a run that was stopped by a merge goes on
    RUN_HANDED_OVER = "RUN_HANDED_OVER"  # other workers drive a run from now on: a pool's, or those of one machine
    RUN_MOVED = "RUN_MOVED"  # a person moved a run to a newer version of its playbook
    STEP_STARTED = "STEP_STARTED"  # the intent to act, with the idempotency key
    STEP_ORDERED = "STEP_ORDERED"  # a slow action was ordered, to be done apart from its run's passes
    STEP_DONE = "STEP_DONE"  # an automated step succeeded
    STEP_FAILED = "STEP_FAILED"  # an automated step was given up
    STEP_ATTEMPT_FAILED = "STEP_ATTEMPT_FAILED"  # one attempt failed; another is due
    STEP_OPENED = "STEP_OPENED"  # a person was asked
    STEP_ANSWERED = "STEP_ANSWERED"  # a person answered
    STEP_DEFAULTED = "STEP_DEFAULTED"  # nobody answered in time: the clock chose the default answer
    STEP_HANDED_ON = "STEP_HANDED_ON"  # nobody answered in time: the question passed on to the next party
    SHIFT_NOTE_LEFT = "SHIFT_NOTE_LEFT"  # somebody left a note for the next shift
    SHIFT_NOTE_SEEN = "SHIFT_NOTE_SEEN"  # somebody else has seen it
    ERRAND_ASKED = "ERRAND_ASKED"  # somebody was asked to do something beside the playbook, by a time
    ERRAND_DONE = "ERRAND_DONE"  # it was done
    ERRAND_WAIVED = "ERRAND_WAIVED"  # it need not be done after all, with a reason, or since the case was closed
    ERRAND_REMINDED = "ERRAND_REMINDED"  # somebody was reminded of it, before or at its time
    STEP_REVIEWED = "STEP_REVIEWED"  # the holder of a post saw what a deputy had decided
    STEP_CLAIMED = "STEP_CLAIMED"  # somebody said: I do this; instead of whom, where somebody else had it
    STEP_HANDED_OVER = "STEP_HANDED_OVER"  # it was handed to a named person, with a note
    STEP_TAKEN_BACK = "STEP_TAKEN_BACK"  # whoever had handed it over took it back
    STEP_GIVEN_BACK = "STEP_GIVEN_BACK"  # whoever had it in hand laid it down: it is anybody's again
    STEP_REFERRED = "STEP_REFERRED"  # whoever was asked cannot do it, with the reason: it goes up
    STEP_RETURNED = "STEP_RETURNED"  # it went back down to whom it was asked of first
    STEP_SKIPPED = "STEP_SKIPPED"  # a person skipped a step, with a reason
    STEP_CANCELLED = "STEP_CANCELLED"  # a step was withdrawn
    FACT_AWAITED = "FACT_AWAITED"  # a run waits until a fact is known
    TIMER_SET = "TIMER_SET"  # a run waits for an instant
    TIMER_FIRED = "TIMER_FIRED"  # that instant came
    ESCALATION_STARTED = "ESCALATION_STARTED"  # a contact chain began to be climbed
    ESCALATION_ADVANCED = "ESCALATION_ADVANCED"  # the next tier fell due
    ESCALATION_JOINED = "ESCALATION_JOINED"  # a step takes part in a climb that a rule or a person began
    ESCALATION_ENDED = "ESCALATION_ENDED"  # acknowledged, answered or exhausted
    PERSON_CALLED = "PERSON_CALLED"  # one person or office was called on one channel
    TIER_SKIPPED = "TIER_SKIPPED"  # a tier had nobody to call
    CALL_ACKNOWLEDGED = "CALL_ACKNOWLEDGED"  # somebody said: I have it
    CALL_SHEET_OPENED = "CALL_SHEET_OPENED"  # a member of staff was asked to phone
    CALL_RECORDED = "CALL_RECORDED"  # a member of staff phoned and wrote down how it went
    MESSAGE_QUEUED = "MESSAGE_QUEUED"  # a message was put into the outbox
    MESSAGE_DELIVERED = "MESSAGE_DELIVERED"  # a channel took it; not: somebody read it
    DELIVERY_FAILED = "DELIVERY_FAILED"  # a channel did not take it
    DELIVERY_CALLED_OFF = "DELIVERY_CALLED_OFF"  # a message was taken back: the reason for it is gone
    CALL_SHEET_CALLED_OFF = "CALL_SHEET_CALLED_OFF"  # nobody needs to phone any more
    NO_CHANNEL_LEFT = "NO_CHANNEL_LEFT"  # every channel of an addressee failed
    CHANNEL_TESTED = "CHANNEL_TESTED"  # an administrator sent themselves a test message on a channel
    CHANNEL_PAUSED = "CHANNEL_PAUSED"  # a channel's server does not answer and is left alone for a while
    CHANNEL_RESUMED = "CHANNEL_RESUMED"  # it answers again
    FACT_STATED = "FACT_STATED"  # somebody stated a fact, or corrected it: a new version
    ABSENCE_ENTERED = "ABSENCE_ENTERED"  # somebody is away for a time; their deputy is called
    ABSENCE_ENDED = "ABSENCE_ENDED"  # they are back, or were never away
    HANDOVER_ENTERED = "HANDOVER_ENTERED"  # a post changes hands on a day to come; whom chains call follows it
    HANDOVER_CANCELLED = "HANDOVER_CANCELLED"  # it does not take place, or was entered by mistake
    HANDOVER_ENDED = "HANDOVER_ENDED"  # the directory says the same now and counts again
    CONTACT_CONFIRMED = "CONTACT_CONFIRMED"  # somebody called an office and found its contact data right
    CLOCK_STEPPED = "CLOCK_STEPPED"  # the machine's clock was set; open escalations were moved by as much
    DUTY_AROSE = "DUTY_AROSE"  # the facts ask for a report; with rule, edition, reasons and last day
    DUTY_CHANGED = "DUTY_CHANGED"  # the same duty with other reasons or another last day
    DUTY_LAPSED = "DUTY_LAPSED"  # the facts no longer ask for it
    DUTY_REPORTED = "DUTY_REPORTED"  # a report to the addressee of a duty was recorded
    DUTY_WAIVED = "DUTY_WAIVED"  # the post that may decided against it, with a reason
    DUTY_REMINDED = "DUTY_REMINDED"  # somebody was reminded of a duty that stands open, before or at its end
    DUTY_AWAITED = "DUTY_AWAITED"  # a run waits until a duty has ended
    REPORT_DRAFTED = "REPORT_DRAFTED"  # the fact sheet was frozen into a report; with form, number and hash
    REPORT_CONSENTED = "REPORT_CONSENTED"  # a post of the council stamped it
    REPORT_APPROVED = "REPORT_APPROVED"  # the post that decides stamped it, itself or by a deputy, or said yes by phone
    REPORT_RETURNED = "REPORT_RETURNED"  # it was sent back to its drafter, with a reason
    REPORT_REVIEWED = "REPORT_REVIEWED"  # the holder of the post saw what a deputy had decided
    REPORT_SENT = "REPORT_SENT"  # it went out to an addressee on a channel
    NOTE_ADDED = "NOTE_ADDED"  # a person wrote a note
    MEASURE_ADDED = "MEASURE_ADDED"  # a measure against recurrence, with owner and due date
    MEASURE_ENDED = "MEASURE_ENDED"  # that measure was done or dropped
    MEASURE_CHANGED = "MEASURE_CHANGED"  # it got another owner or due date, with a reason
    MEASURE_CHECKED = "MEASURE_CHECKED"  # somebody else looked whether it had the effect that was meant
    MEASURE_REMINDED = "MEASURE_REMINDED"  # somebody was reminded of a measure that is open
    ANNOUNCEMENT_DRAFTED = "ANNOUNCEMENT_DRAFTED"  # what the city is to say in public was written
    ANNOUNCEMENT_APPROVED = "ANNOUNCEMENT_APPROVED"  # CISO or mayor decided to say it; never its author
    ANNOUNCEMENT_RETURNED = "ANNOUNCEMENT_RETURNED"  # it is to be written anew, with the reason
    ANNOUNCEMENT_WITHHELD = "ANNOUNCEMENT_WITHHELD"  # it was decided not to publish, with ground and reason
    ANNOUNCEMENT_RELEASED = "ANNOUNCEMENT_RELEASED"  # it was said on an outlet
    HOTLINE_COUNTED = "HOTLINE_COUNTED"  # how many calls the hotline took on a day
    REVIEW_RECORDED = "REVIEW_RECORDED"  # the review of a closed case was written down: a version of it
    INCIDENT_CLOSED = "INCIDENT_CLOSED"  # the case ended, with its disposition
    INCIDENT_REOPENED = "INCIDENT_REOPENED"  # the case was taken up again
    SIGNED_IN = "SIGNED_IN"  # somebody signed in
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED"  # somebody could not sign in
    SIGNED_OUT = "SIGNED_OUT"  # a session was ended
    SESSIONS_ENDED = "SESSIONS_ENDED"  # all sessions of a person were ended at once
    IDENTITY_PROVED = "IDENTITY_PROVED"  # somebody signed in proved again who they are
    SECOND_FACTOR_ENROLLED = "SECOND_FACTOR_ENROLLED"  # somebody has a second factor from now on
    SECOND_FACTOR_RESET_ASKED = "SECOND_FACTOR_RESET_ASKED"  # somebody asked that another one's be taken away
    SECOND_FACTOR_RESET = "SECOND_FACTOR_RESET"  # a second person agreed, and it was taken away
    SECOND_FACTOR_RESET_REFUSED = "SECOND_FACTOR_RESET_REFUSED"  # a second person did not agree
    SEALED_ACCOUNT_MADE = "SEALED_ACCOUNT_MADE"  # the sealed account got a new password, for an envelope
    SEALED_ACCOUNT_USED = "SEALED_ACCOUNT_USED"  # somebody opened the envelope and signed in
    DIRECTORY_LOST = "DIRECTORY_LOST"  # the directory does not answer; the sealed copy serves instead
    DIRECTORY_HEARD = "DIRECTORY_HEARD"  # it answers again
    RECORD_EXPORTED = "RECORD_EXPORTED"  # the record, or a part of it, left the house
    RECORD_VERIFIED = "RECORD_VERIFIED"  # the record was verified, with the result
    TOKEN_ISSUED = "TOKEN_ISSUED"  # noqa: S105 - an API token was issued; holds its id only
    TOKEN_REVOKED = "TOKEN_REVOKED"  # noqa: S105 - an API token was revoked
    QUARANTINE_READ = "QUARANTINE_READ"  # a record that could not be read was read after all
    ASSETS_IMPORTED = "ASSETS_IMPORTED"  # the asset ledger became what a file says
    IGNORE_RULE_MADE = "IGNORE_RULE_MADE"  # detections are set aside for a time, with a reason
    IGNORE_RULE_ENDED = "IGNORE_RULE_ENDED"  # a rule that set detections aside ended; holds how many it did
    FLOOD_BEGAN = "FLOOD_BEGAN"  # a source floods: what is not grave of it goes to one case
    DETECTIONS_SET_ASIDE = "DETECTIONS_SET_ASIDE"  # a rule set detections aside
    SOURCE_WATCHED = "SOURCE_WATCHED"  # a source of detections must not be silent for longer than so many minutes
    SOURCE_SILENT = "SOURCE_SILENT"  # nothing came from it for longer than that
    SOURCE_HEARD = "SOURCE_HEARD"  # it is heard again, or need not be any more
    ERASURE_PROPOSED = "ERASURE_PROPOSED"  # somebody asked for texts or evidence to be erased, on a ground
    ERASURE_REJECTED = "ERASURE_REJECTED"  # a second person decided that nothing is erased
    KEYS_ROTATED = "KEYS_ROTATED"  # the key that wraps all data keys was exchanged, the old one destroyed
    PERSONAL_DATA_ERASED = "PERSONAL_DATA_ERASED"  # payloads were erased; their commitments stay
    GUARD_OVERRIDDEN = "GUARD_OVERRIDDEN"  # a person declared that a number is no 個人番号
    EVIDENCE_COLLECTED = "EVIDENCE_COLLECTED"  # a file was attached to a case; holds its size, not its content
    EVIDENCE_ACCESSED = "EVIDENCE_ACCESSED"  # somebody was given its content to look at
    EVIDENCE_HANDED_OVER = "EVIDENCE_HANDED_OVER"  # it was given to somebody outside, such as the police
    EVIDENCE_EXPORTED = "EVIDENCE_EXPORTED"  # a copy left the house as a file
    EVIDENCE_CHECKED = "EVIDENCE_CHECKED"  # it was hashed again, with the result
    SIGNING_KEY_ANNOUNCED = "SIGNING_KEY_ANNOUNCED"  # another key will sign checkpoints; names it
    CHECKPOINT_ANCHORED = "CHECKPOINT_ANCHORED"  # a checkpoint was carried outside
    EPOCH_BEGAN = "EPOCH_BEGAN"  # the record went on from a backup; quotes the last checkpoint signed before
    INCIDENT_SEALED = "INCIDENT_SEALED"  # named people only see it from here on
    READER_NAMED = "READER_NAMED"  # one more may see it
    READER_UNNAMED = "READER_UNNAMED"  # one may see it no longer
    SEAL_LIFTED = "SEAL_LIFTED"  # everybody who reads incidents sees it again
    GLASS_BROKEN = "GLASS_BROKEN"  # somebody who was not named opened it, with a reason; those named were told
    RECORD_READ = "RECORD_READ"  # somebody read what is sealed, personal or taken out, or an auditor read
    BACKUP_TAKEN = "BACKUP_TAKEN"  # a backup lies outside the desk; holds the digest of its manifest
    RESTORE_TESTED = "RESTORE_TESTED"  # a backup was restored in a place apart and proved sound
    DESK_RESTORED = "DESK_RESTORED"  # this record goes on from a backup; what came after it is not in here
    DATABASE_MOVED = "DATABASE_MOVED"  # this record goes on in another database, from its very last entry


@dataclass(frozen=True, slots=True)
class EntryActor:
    """Who acted: opaque id, how they proved it, and their session."""

    id: str
    auth: str
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class Commitment:
    """Stands for a text in the vault: `c` is from `commitment()`, `cls` its class (`personal`), `name` the field."""

    c: str
    cls: str
    name: str
    alg: str = "hmac-sha256-v1"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One sealed fact.

    `inc`, `inc_seq`, `inc_prev`: the incident, the entry's number in it from 0, and the base64 leaf hash of the entry
    before it (None for the first). `cid` is unique in the record. `ts` is for people, order comes from `seq`; `boot`
    and `mono` (milliseconds) expose steps of the clock. `out` maps names to codes without blanks, integers, truth
    values or sequences of codes. None and empty fields are left out of the bytes.
    """

    seq: int
    ts: datetime
    kind: EntryKind
    actor: EntryActor
    inc: str | None = None
    inc_seq: int | None = None
    inc_prev: str | None = None
    run: str | None = None
    step: str | None = None
    cid: str | None = None
    src: str | None = None
    out: Mapping[str, Out] = field(default_factory=dict)
    pay: tuple[Commitment, ...] = ()
    boot: str | None = None
    mono: int | None = None
    v: int = 1


def commitment(salt: bytes, text: str) -> str:
    """What an entry holds instead of `text`: base64 HMAC-SHA256 under a secret salt of its own (at least 16 bytes).

    Raises:
        Invalid: `text_not_unicode` (a lone surrogate), `salt_too_short`.
    """
    if len(salt) < 16:  # a short salt would let a guessed text be confirmed
        raise Invalid("salt_too_short")
    try:
        return verify_record.commitment(salt, text).decode()
    except UnicodeEncodeError:
        raise Invalid("text_not_unicode") from None


def _fields(entry: LedgerEntry) -> dict[str, object]:
    if entry.ts.tzinfo is None:
        raise Invalid("entry_field_malformed", field="ts")
    actor = {"auth": entry.actor.auth, "id": entry.actor.id, "sid": entry.actor.sid}
    fields = {
        "actor": {name: value for name, value in actor.items() if value},
        "boot": entry.boot,
        "cid": entry.cid,
        "inc": entry.inc,
        "inc_prev": entry.inc_prev,
        "inc_seq": entry.inc_seq,
        "kind": entry.kind,
        "mono": entry.mono,
        "out": dict(entry.out) or None,
        "pay": [{"alg": one.alg, "c": one.c, "cls": one.cls, "name": one.name} for one in entry.pay] or None,
        "run": entry.run,
        "seq": entry.seq,
        "src": entry.src,
        "step": entry.step,
        "ts": entry.ts.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "v": entry.v,
    }
    return {name: value for name, value in fields.items() if value is not None}


_SAMPLE: dict[str, object] = {
    "actor": {"auth": "a", "id": "a"},
    "kind": "ANY",
    "seq": 0,
    "ts": "2026-01-01T00:00:00.000000Z",
    "v": 1,
}


def _dump(fields: Mapping[str, object]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def _fits(fields: Mapping[str, object]) -> bool:
    try:
        verify_record.match_entry(_dump({**_SAMPLE, **fields}))
    except (Bad, TypeError):  # orjson raises TypeError for what JSON cannot hold
        return False
    return True


def _culprit(fields: Mapping[str, object]) -> str:
    """Which field breaks the grammar; a name of ours, never a value."""
    out = fields.get("out", {})
    if isinstance(out, Mapping) and not _fits({"out": out} if out else {}):
        return next((f"out.{name}" for name, value in out.items() if not _fits({"out": {name: value}})), "out")
    alone = ("inc", "inc_prev", "inc_seq", "out")
    return next((name for name, value in fields.items() if name not in alone and not _fits({name: value})), "inc")


def canonical(entry: LedgerEntry) -> bytes:
    """The exact bytes to store and hash: sorted compact ASCII JSON, no floats, integers below 2^53, at most 8 KiB.

    Raises:
        Invalid: `entry_too_long`, or `entry_field_malformed` naming the field.
    """
    fields = _fields(entry)
    try:
        line = _dump(fields)
        verify_record.match_entry(line)
    except (Bad, TypeError) as error:
        if isinstance(error, Bad) and error.code == "entry_too_long":
            raise Invalid("entry_too_long", kind=str(entry.kind)) from None
        raise Invalid("entry_field_malformed", kind=str(entry.kind), field=_culprit(fields)[:80]) from None
    if (entry.inc is None) != (entry.inc_seq is None) or bool(entry.inc_seq) != (entry.inc_prev is not None):
        raise Invalid("entry_field_malformed", kind=str(entry.kind), field="inc")
    return line


def parse(line: bytes) -> LedgerEntry:
    """Read canonical bytes back. `canonical(parse(line)) == line` for everything that is accepted.

    Raises:
        Invalid: `entry_too_long`, `entry_not_canonical`, `entry_kind_unknown`.
    """
    try:
        verify_record.match_entry(line)
    except Bad as bad:
        raise Invalid(bad.code) from None
    fields = orjson.loads(line)
    try:
        fields["kind"] = EntryKind(fields["kind"])
    except ValueError:
        raise Invalid("entry_kind_unknown", kind=fields["kind"]) from None
    try:
        fields["ts"] = datetime.fromisoformat(fields["ts"])
    except ValueError:  # 30 February is in the grammar, but not in the calendar
        raise Invalid("entry_not_canonical") from None
    fields["actor"] = EntryActor(**fields["actor"])
    out = fields.get("out", {})
    fields["out"] = {name: tuple(value) if isinstance(value, list) else value for name, value in out.items()}
    fields["pay"] = tuple(Commitment(**one) for one in fields.get("pay", ()))
    return LedgerEntry(**fields)


__all__ = [
    "MAX_INT",
    "Commitment",
    "EntryActor",
    "EntryKind",
    "LedgerEntry",
    "Out",
    "canonical",
    "commitment",
    "parse",
]
