"""The authorisation matrix of the use cases: each public function of `csirt.response` that is given a commit.

`ROWS` says what a person needs for a use case; where it makes a difference whose the thing is, `Row.own` says what is
needed for one's own. What no person reaches stands in `MACHINE` (the worker and the door to sign in commit it in the
system's name) or in `PARTS` (other use cases call it in their own commit). A use case in no list fails the build.
"""

from dataclasses import dataclass

from csirt.model.authority import Permission

P = Permission


@dataclass(frozen=True, slots=True)
class Row:
    """What a use case needs. `own`: for one's own thing, if that is less. `of_case`: it belongs to an incident.

    `four_eyes`: nobody may do it to what they made themselves. `fresh`: only shortly after a proof of who one is.
    """

    needs: Permission
    own: Permission | None = None
    of_case: bool = True
    four_eyes: bool = False
    fresh: bool = False


def plain(needs: Permission, own: Permission | None = None, *, four_eyes: bool = False, fresh: bool = False) -> Row:
    """A use case about something that belongs to no incident."""
    return Row(needs, own, of_case=False, four_eyes=four_eyes, fresh=fresh)


def listed(names: str) -> frozenset[str]:
    """The names in a text."""
    return frozenset(names.split())


ROWS: dict[str, Row] = {
    "absences.enter": plain(P.KEEP_CONTACTS, P.ENTER_ABSENCE),
    "absences.end": plain(P.KEEP_CONTACTS, P.ENTER_ABSENCE),
    "access.issue_token": plain(P.ISSUE_TOKEN, fresh=True),
    "access.revoke_token": plain(P.ISSUE_TOKEN, fresh=True),
    "access.revoke_if_any": plain(P.ISSUE_TOKEN, fresh=True),
    "acknowledging.by_token": Row(P.ACKNOWLEDGE_CALL),
    "announcements.draft": Row(P.DRAFT_ANNOUNCEMENT),
    "announcements.approve": Row(P.APPROVE_ANNOUNCEMENT, four_eyes=True, fresh=True),
    "announcements.send_back": Row(P.APPROVE_ANNOUNCEMENT, four_eyes=True),
    "announcements.withhold": Row(P.APPROVE_ANNOUNCEMENT),
    "announcements.release": Row(P.DRAFT_ANNOUNCEMENT),
    "announcements.count_calls": Row(P.DRAFT_ANNOUNCEMENT),
    "approvals.consent": Row(P.APPROVE_REPORT, four_eyes=True, fresh=True),
    "approvals.decide": Row(P.APPROVE_REPORT, four_eyes=True, fresh=True),
    "approvals.send_back": Row(P.APPROVE_REPORT, fresh=True),
    "approvals.record_oral": Row(P.DRAFT_REPORT),
    "approvals.review": Row(P.APPROVE_REPORT, four_eyes=True, fresh=True),
    "asking.ask": Row(P.ASSIGN_STEP),
    "assets.import_ledger": plain(P.KEEP_ASSETS),
    "assignments.answer": Row(P.ANSWER_STEP),
    "audit.export": Row(P.EXPORT_RECORD, fresh=True),
    "audit.extract": Row(P.EXPORT_RECORD, fresh=True),
    "backups.taken": plain(P.ADMINISTER),
    "backups.rehearsed": plain(P.ADMINISTER),
    "backups.restored": plain(P.ADMINISTER),
    "backups.moved": plain(P.ADMINISTER),
    "by_hand.set_type": Row(P.DECIDE_TRIAGE),
    "by_hand.close": Row(P.CLOSE_INCIDENT),
    "channel_tests.begin": plain(P.ADMINISTER),
    "contacts.confirm": plain(P.KEEP_CONTACTS),
    "deliveries.queue_alone": plain(P.ADMINISTER),
    "duties.report": Row(P.REPORT_DUTY),
    "duties.waive": Row(P.WAIVE_DUTY),
    "erasing.propose": Row(P.PROPOSE_ERASURE),
    "erasing.approve": Row(P.APPROVE_ERASURE, four_eyes=True, fresh=True),
    "erasing.reject": Row(P.APPROVE_ERASURE, four_eyes=True, fresh=True),
    "erasing.rotate_keys": plain(P.ADMINISTER),
    "errands.waive": Row(P.CANCEL_STEP),
    "escalations.acknowledge": Row(P.ACKNOWLEDGE_CALL),
    "evidence.collect": Row(P.COLLECT_EVIDENCE),
    "evidence.access": Row(P.READ_EVIDENCE, fresh=True),
    "evidence.export": Row(P.READ_EVIDENCE, fresh=True),
    "evidence.hand_over": Row(P.HAND_OVER_EVIDENCE),
    "facts.state": Row(P.STATE_FACT),
    "glass.break_glass": Row(P.BREAK_GLASS, of_case=False, fresh=True),  # about nothing but what is hidden
    "handovers.enter": plain(P.KEEP_CONTACTS),
    "handovers.cancel": plain(P.KEEP_CONTACTS),
    "holding.claim": Row(P.ANSWER_STEP),
    "holding.hand_over": Row(P.ANSWER_STEP),
    "holding.take_back": Row(P.ANSWER_STEP),
    "holding.give_back": Row(P.ANSWER_STEP),
    "holding.refer": Row(P.ANSWER_STEP),
    "holding.send_back": Row(P.ANSWER_STEP),
    "ignoring.make": plain(P.DECIDE_TRIAGE),
    "ignoring.end": plain(P.DECIDE_TRIAGE),
    "incidents.open_by_report": plain(P.OPEN_INCIDENT),
    "incidents.open_waiting": plain(P.DECIDE_TRIAGE),
    "incidents.ignore_waiting": plain(P.DECIDE_TRIAGE),
    "incidents.set_level": Row(P.SET_LEVEL),
    "incidents.add_note": Row(P.ADD_NOTE),
    "intake.accept": plain(P.INGEST),
    "joining.join_waiting": Row(P.DECIDE_TRIAGE),
    "measures.add": Row(P.ADD_MEASURE),
    "measures.change": Row(P.ADD_MEASURE),
    "measures.end": Row(P.ADD_MEASURE),
    "measures.check": Row(P.CHECK_MEASURE, four_eyes=True),
    "merging.merge": Row(P.MERGE_INCIDENTS),
    "merging.unmerge": Row(P.MERGE_INCIDENTS),
    "moving.move": Row(P.MOVE_RUN),
    "quarantine.read_again": plain(P.INGEST),
    "report_sending.send": Row(P.REPORT_DUTY),
    "report_sending.dispatch": Row(P.REPORT_DUTY),
    "reports.draft": Row(P.DRAFT_REPORT),
    "reviews.record": Row(P.RECORD_REVIEW),
    "sealed_account.make": plain(P.ADMINISTER),
    "sealing.announce_key": plain(P.ADMINISTER),
    "sealing.begin_epoch": plain(P.ADMINISTER),
    "sealing.anchored": plain(P.ADMINISTER),
    "sealing.printed": plain(P.READ_RECORD),
    "second_factor.ask_reset": plain(P.RESET_SECOND_FACTOR, fresh=True),
    "second_factor.decide_reset": plain(P.RESET_SECOND_FACTOR, four_eyes=True, fresh=True),
    "secrecy.seal": Row(P.SEAL_INCIDENT),
    "secrecy.name_reader": Row(P.SEAL_INCIDENT, fresh=True),
    "secrecy.unname_reader": Row(P.SEAL_INCIDENT),
    "secrecy.lift": Row(P.SEAL_INCIDENT, fresh=True),
    "setting_aside.skip": Row(P.SKIP_STEP),
    "setting_aside.cancel": Row(P.CANCEL_STEP),
    "shifts.leave": Row(P.ADD_NOTE),
    "shifts.see": Row(P.ADD_NOTE),
    "sources.add_token": plain(P.ISSUE_TOKEN, fresh=True),
    "sources.revoke_token": plain(P.ISSUE_TOKEN, fresh=True),
    "tokens.make": plain(P.ISSUE_TOKEN, fresh=True),
    "tokens.rotate": plain(P.ISSUE_TOKEN, fresh=True),
    "tokens.revoke": plain(P.ISSUE_TOKEN, fresh=True),
    "triggers.start": Row(P.START_CHAIN),
}

ONESELF = listed(
    "access.sign_in access.complete access.prove access.touch access.sign_out access.end_all drafts.keep drafts.drop "
    "reads.note sealed_account.used second_factor.begin second_factor.enrol"
)
"""One's own session, factor and drafts: whoever is signed in, or proves it by the cookie that is handed in."""

MACHINE = listed(
    "access.forget_tries access.refuse asking.remind assignments.open_for clock_steps.notice drafts.sweep "
    "duties.review_all escalations.advance evidence.checked evidence.claim_check evidence.forget_check health.beat "
    "health.found health.replace health.rest ignoring.expire indexing.catch_up knowing.await_duty knowing.estimate "
    "knowing.know knowing.look_up measures.remind outbox.claim outbox.delivered outbox.failed outbox.pass_over "
    "people.heard people.lost people.refresh pools.calls pools.take_over reaching.close reaching.reach reaching.stop "
    "reaching.tell reminders.fire runs.attempt_failed runs.claim runs.claim_some runs.end runs.finish_step "
    "runs.mark_shown runs.order_slow runs.release runs.renew runs.set_level runs.set_timer runs.shown_by "
    "runs.start_attempt second_factor.use slow.claim slow.done slow.failed sources.watch tail.move takeover.free "
    "timers.fire trials.try_records triage.triage"
)

PARTS = listed(
    "acknowledging.issue assignments.answerers assignments.check_actor assignments.close_row call_sheets.open_sheet "
    "circuits.at_work circuits.note circuits.tried deliveries.call_off_addressee "
    "deliveries.call_off_routes deliveries.queue deliveries.queue_instead door.follow duties.check_sent duties.end "
    "duties.meet_by_calls duties.remind duties.review duties.wake errands.done errands.end escalations.answered "
    "escalations.call_off escalations.facts_of escalations.heard escalations.join escalations.record_call "
    "escalations.start facts.begin facts.carry facts.take_back floods.of_floods floods.sources_of "
    "handovers.end_done ignoring.set_aside incidents.close incidents.incident_for_update incidents.lead_here "
    "incidents.open_case incidents.order_run incidents.still_waiting indexing.begin_anew indexing.drop_erased "
    "levels.presume levels.propose levels.sense locks.assignment locks.hold locks.hold_free merging.join_cases "
    "next_channel.pass_on reaching.call reaching.notify reaching.phone reaching.stop_now reminders.follow "
    "repeats.recorded report_sending.delivered reviewing.mark reviewing.post_by_deputy reviewing.see reviewing.tell "
    "runs.add_step runs.close runs.end_timers runs.failed runs.settle runs.stop runs.stop_now secrecy.begin "
    "secrecy.must_be_mergeable sources.source_of triggers.follow"
)
