"""Sample views of every page, in both languages: what tests draw and what the preview shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from csirt.model.contact import Need, StopOn
from csirt.model.escalation import RouteState
from csirt.model.incident import Disposition, FourClocks, IncidentStatus, IncidentType, Level
from csirt.model.measure import MeasureState
from csirt.model.message import DeliveryState
from csirt.model.people import Role
from csirt.model.step import StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.web.look import View
from csirt.web.views import assignment, audit, chains, escalation, frame, incident, measures, waiting

NOW = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_frame(language: str, here: str = "board", *, signed_in: bool = True) -> frame.Frame:
    """The frame around a page for an officer of the sample city."""
    made = frame.Frame(
        language=language, city="鳴門市" if language == "ja" else "Naruto City", now=NOW, path="/", here=here,
        sample=True, csrf="token", notice="notice.answered" if here == "incident" else "",
    )  # fmt: skip
    if not signed_in:
        return made
    name = "撫養 花子" if language == "ja" else "Hanako Muya"
    return replace(made, name=name, roles=(Role.OFFICER, Role.RESPONDER), nav=frame.NAVIGATION)


class Words:
    """Picks the Japanese or the English of a pair."""

    def __init__(self, language: str) -> None:
        """For this language."""
        self._first = language == "ja"

    def __call__(self, ja: str, en: str) -> str:
        """The one that is wanted."""
        return ja if self._first else en


def every_page(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Name, frame and view of every page, with its empty and its faulty states."""
    say = Words(language)
    out = a_frame(language, "", signed_in=False)
    wrong = frame.Form(errors={"uid": "uid_missing", "password": "password_missing"})
    yield "sign_in", out, frame.SignIn()
    yield "sign_in_wrong", out, frame.SignIn(form=wrong)
    yield "board", a_frame(language), _board(say)
    yield "board_empty", a_frame(language), replace(_board(say), incidents=(), counts=_counts(0))
    yield "open_incident", a_frame(language, "open_incident"), incident.OpenIncident()
    yield "open_incident_wrong", a_frame(language, "open_incident"), incident.OpenIncident(form=_wrong_report(say))
    yield "incident", a_frame(language, "incident"), an_incident(say)
    yield "incident_closed", a_frame(language), _closed_incident(say)
    yield "assignments", a_frame(language, "assignments"), _assignments(say)
    yield "assignments_empty", a_frame(language, "assignments"), assignment.Assignments(rows=())
    yield "assignment", a_frame(language, "assignments"), an_assignment(say)
    yield "assignment_wrong", a_frame(language, "assignments"), _wrong_assignment(say)
    yield "assignment_conflict", a_frame(language, "assignments"), _conflict(say)
    yield "assignment_given", a_frame(language), replace(an_assignment(say), given=_given(say))
    yield "assignment_not_mine", a_frame(language), replace(an_assignment(say), may_answer=False)
    yield "call_sheet", a_frame(language, "assignments"), _call_sheet(say)
    yield "chains", a_frame(language, "chains"), _chains(say)
    yield "chains_empty", a_frame(language, "chains"), chains.Chains(chains=())
    yield "audit", a_frame(language, "audit"), _audit(say)
    yield "audit_broken", a_frame(language, "audit"), _broken_audit(say)
    yield "measures", a_frame(language), _measures(say)
    yield "measures_empty", a_frame(language), measures.MeasureList(rows=())
    yield "waiting", a_frame(language), _waiting(say)
    yield "waiting_empty", a_frame(language), waiting.Waiting(rows=())
    for status, code in ((403, "not_permitted"), (404, "incident_unknown"), (409, "already_answered"),
                         (422, "reason_missing"), (500, "playbook_drift"), (503, "directory_unreachable")):  # fmt: skip
        yield f"message_{status}", a_frame(language, ""), frame.Problem(status=status, code=code, reference="c-7f3a90")


def _counts(number: int) -> tuple[incident.Count, ...]:
    return (
        incident.Count(code="open_incidents", number=number and 3, href="/#incidents"),
        incident.Count(code="my_assignments", number=number and 2, href="/assignments"),
        incident.Count(code="calls", number=number, href="/assignments", urgent=bool(number)),
        incident.Count(code="waiting", number=number and 14, href="/waiting"),
    )


def _board(say: Words) -> incident.Board:
    row = incident.IncidentRow(
        id="i-1", fiscal_year=2026, ordinal=12, type=IncidentType.RANSOMWARE, level=Level.GRAVE,
        title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        proposed_level=Level.SERIOUS, status=IncidentStatus.OPEN, opened_at=NOW - 95 * MINUTE,
        waiting_for=(say("統括情報セキュリティ責任者", "Director of information security"), "CISO"),
        waiting_since=NOW - 40 * MINUTE, due=NOW + 20 * MINUTE,
    )  # fmt: skip
    mail = replace(
        row, id="i-2", ordinal=11, type=IncidentType.MALWARE_MAIL, level=None, proposed_level=Level.MINOR,
        title=say("不審な添付ファイルを開いたとの申告", "A suspicious attachment was opened"),
        waiting_for=(say("情報セキュリティ担当", "Security officer"),), due=NOW - 75 * MINUTE, opened_at=NOW - 2000 * MINUTE,
    )  # fmt: skip
    drill = replace(
        row, id="i-3", ordinal=3, type=IncidentType.DRILL, level=Level.CRISIS, waiting_for=(), waiting_since=None,
        due=None, drill=True, title=say("年次訓練（連絡網）", "Yearly drill of the contact chain"),
    )  # fmt: skip
    closed = replace(drill, id="i-4", ordinal=10, drill=False, status=IncidentStatus.CLOSED, level=Level.EVENT)
    window = frame.Window(first=1, last=4, total=62, older="/?page=2")
    return incident.Board(counts=_counts(1), incidents=(row, mail, drill, closed), window=window)


def _wrong_report(say: Words) -> frame.Form:
    return frame.Form(
        typed={"title": say("画面がおかしい", "Odd screen"), "account": "1234 5678 9018", "type": "ransomware"},
        errors={"channel": "choice_missing", "account": "my_number_refused", "noticed": "time_malformed"},
        key="k-1",
    )


def _steps(say: Words) -> tuple[incident.Step | incident.SideBySide, ...]:
    done = incident.Step(
        key="is_it_ransomware", title=say("ランサムウェアかどうかを判断する", "Decide whether it is ransomware"),
        kind=StepKind.ASK, state=StepState.DONE, answer=say("はい", "Yes"), by=say("板東 一郎", "Ichiro Bando"),
        at=NOW - 80 * MINUTE, reason=say("脅迫文と拡張子の変更を確認した。", "Ransom note and changed file names seen."),
    )  # fmt: skip
    current = incident.Step(
        key="cut_off", title=say("税務課の区画を切り離す", "Cut off the tax section"), kind=StepKind.APPROVE,
        state=StepState.OPEN, waiting_for=say("統括情報セキュリティ責任者 三木 次郎", "Director Jiro Miki"),
        since=NOW - 40 * MINUTE, due=NOW + 20 * MINUTE, assignment="a-1",
    )  # fmt: skip
    failed = incident.Step(
        key="fetch_logs", title=say("ログを保全する", "Preserve the logs"), kind=StepKind.DO, state=StepState.FAILED,
        at=NOW - 30 * MINUTE, by=say("システム", "System"),
    )  # fmt: skip
    late = replace(current, key="tell_prefecture", title=say("徳島県へ第1報", "First report to the prefecture"), due=NOW - MINUTE)
    later = incident.Step(key="restore", title=say("復旧の承認", "Approve the restoration"), kind=StepKind.APPROVE)
    fork = incident.SideBySide(
        branches=(
            incident.Branch(title=say("技術対応", "Technical work"), steps=(current, failed)),
            incident.Branch(title=say("報告・公表", "Reports"), steps=(late, replace(later, key="press"))),
        )
    )
    return (done, fork, later, replace(later, key="skipped", state=StepState.SKIPPED, at=NOW))


def _timeline(say: Words) -> tuple[incident.Entry, ...]:
    kinds = (EntryKind.INCIDENT_OPENED, EntryKind.LEVEL_PROPOSED, EntryKind.STEP_OPENED, EntryKind.PERSON_CALLED,
             EntryKind.MESSAGE_DELIVERED, EntryKind.CALL_ACKNOWLEDGED, EntryKind.STEP_ANSWERED, EntryKind.LEVEL_SET)  # fmt: skip
    return tuple(
        incident.Entry(
            seq=1042 + number, at=NOW - (90 - number) * MINUTE, kind=kind.value,
            who=say("撫養 花子", "Hanako Muya") if number % 2 else say("システム", "System"),
            what=say("税務課の区画を切り離す: 承認する", "Cut off the tax section: approved") if number > 5 else "",
        )
        for number, kind in enumerate(kinds)
    )  # fmt: skip


def _escalation(say: Words) -> escalation.EscalationPart:
    call = escalation.Call(
        name=say("撫養 花子", "Hanako Muya"), channel="mail", at=NOW - 40 * MINUTE, state=DeliveryState.SENT,
        acknowledged_at=NOW - 38 * MINUTE,
    )  # fmt: skip
    phone = replace(
        call, name=say("三木 次郎", "Jiro Miki"), channel="phone", state=DeliveryState.QUEUED, acknowledged_at=None, sheet="a-7"
    )
    nobody = replace(call, name=say("代理2", "Deputy 2"), state=None, skipped="no_holder", acknowledged_at=None)
    rungs = (
        escalation.Rung(number=1, at=NOW - 40 * MINUTE, parties=(say("統一的な窓口", "Contact point"),), reached=True, calls=(call,)),
        escalation.Rung(
            number=2, at=NOW - 30 * MINUTE, reached=True, calls=(phone, nobody), need=Need.ALL,
            parties=(say("CSIRT責任者", "CSIRT head"), say("統括情報セキュリティ責任者 代理2", "Director, deputy 2")),
        ),
        escalation.Rung(number=3, at=NOW + 10 * MINUTE, parties=("CISO",)),
    )  # fmt: skip
    return escalation.EscalationPart(
        id="e-1", chain=say("庁内の連絡体制", "Contact chain inside the city hall"), may_acknowledge=True, key="k-2",
        about=say("税務課の区画を切り離す", "Cut off the tax section"),
        ladders=(
            escalation.Ladder(name="response", state=RouteState.CLIMBING, rungs=rungs),
            escalation.Ladder(name="direct", state=RouteState.ACKNOWLEDGED, rungs=rungs[:1], stop_on=StopOn.ANSWER),
        ),
    )  # fmt: skip


def an_incident(say: Words) -> incident.Incident:
    """An open incident in full flight."""
    return incident.Incident(
        id="i-1", fiscal_year=2026, ordinal=12, type=IncidentType.RANSOMWARE, level=None, proposed_level=Level.GRAVE,
        title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        status=IncidentStatus.OPEN, opened_by=say("撫養 花子", "Hanako Muya"), timeline=_timeline(say),
        clocks=FourClocks(received=NOW - 95 * MINUTE, noticed=NOW - 110 * MINUTE, known=NOW - 96 * MINUTE),
        window=frame.Window(first=1, last=8, total=57, older="?before=1042"), playbook=say("ランサムウェア", "Ransomware"),
        playbook_version=3, steps=_steps(say), escalations=(_escalation(say),), measures=_measures(say).rows[:1],
        detections=(
            incident.DetectionRow(
                at=NOW - 97 * MINUTE, format="suricata-eve", level=Level.GRAVE, host="TAX-PC-017.city.naruto.example",
                title="ET MALWARE Win32/LockBit Ransomware Checkin Activity (GET)", repeats=4,
            ),
        ),
        posts=(frame.Option(value="ciso", label="CISO"), frame.Option(value="head", label=say("情報政策課長", "Head of IT"))),
        may_add_measure=True, may_set_level=True, sample=True,
    )  # fmt: skip


def _closed_incident(say: Words) -> incident.Incident:
    errors = frame.Form(errors={"text": "text_missing", "owner": "post_unknown"}, typed={"owner": "ciso"})
    return replace(
        an_incident(say), status=IncidentStatus.CLOSED, disposition=Disposition.TRUE_POSITIVE, closed_at=NOW, steps=(),
        level=Level.CRISIS, level_set_by="CISO", level_reason=say("住民情報に及ぶおそれ", "May reach residents' data"), drill=True,
        escalations=(), detections=(), measures=(), measure_form=errors, stopped_by="playbook_drift",
    )  # fmt: skip


def _assignments(say: Words) -> assignment.Assignments:
    row = assignment.AssignmentRow(
        href="/assignments/a-1", title=say("税務課の区画を切り離す", "Cut off the tax section"),
        incident=say("令和8年度 第12号", "FY2026 No. 12"), who=say("統括情報セキュリティ責任者", "Director"),
        incident_title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        opened_at=NOW - 90 * MINUTE, due=NOW - 5 * MINUTE,
    )  # fmt: skip
    call = replace(row, href="/call-sheets/a-7", title=say("徳島県へ電話する", "Phone the prefecture"), kind=StepKind.CALL, due=NOW + 50 * MINUTE)
    return assignment.Assignments(rows=(row, call, replace(row, due=None, drill=True)))


def an_assignment(say: Words) -> assignment.AssignmentPage:
    """A step that asks for an approval, with facts and extra fields."""
    return assignment.AssignmentPage(
        id="a-1", incident_id="i-1", incident=say("令和8年度 第12号", "FY2026 No. 12"),
        incident_title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        title=say("税務課の区画を切り離してよいですか", "May the tax section be cut off?"),
        who=say("統括情報セキュリティ責任者", "Director"), opened_at=NOW - 40 * MINUTE, due=NOW + 20 * MINUTE,
        instruction=say("切り離すと窓口の証明書発行が止まります。\n業務継続計画の紙運用に切り替わることを確認してください。",
                        "Certificates can then not be issued at the counter.\nMake sure that paper operation is ready."),
        facts=(
            frame.Fact(label=say("影響する端末", "Computers"), values=("TAX-PC-017", "TAX-PC-018", "TAX-SV-002")),
            frame.Fact(label=say("検知の内容", "Detection"), value="ET MALWARE Win32/LockBit Ransomware Checkin Activity"),
        ),
        choices=(
            assignment.AnswerChoice(code="approve", label=say("承認する", "Approve")),
            assignment.AnswerChoice(code="refuse", label=say("承認しない", "Do not approve"), needs_reason=True),
        ),
        fields=(
            assignment.AnswerField(name="at", label=say("切り離す日時", "When to cut"), kind=assignment.FieldKind.TIME, required=True),
            assignment.AnswerField(
                name="scope", label=say("範囲", "Scope"), kind=assignment.FieldKind.CHOICE, hint=say("狭いほうから。", "Narrow first."),
                options=(frame.Option(value="vlan", label="VLAN"), frame.Option(value="all", label=say("庁舎全体", "Whole building"))),
            ),
        ),
        form=frame.Form(key="k-3"),
    )  # fmt: skip


def _given(say: Words) -> assignment.Given:
    reason = say("被害の拡大を防ぐため。", "To stop it from spreading.")
    return assignment.Given(choice=say("承認する", "Approve"), by=say("三木 次郎", "Jiro Miki"), at=NOW - 2 * MINUTE, reason=reason)


def _typed(say: Words) -> dict[str, str]:
    return {"choice": "refuse", "reason": say("窓口が混んでいるため", "The counter is busy"), "field.scope": "vlan"}


def _wrong_assignment(say: Words) -> assignment.AssignmentPage:
    form = frame.Form(typed=_typed(say) | {"reason": ""}, errors={"field.at": "field_missing", "reason": "reason_missing"}, key="k-3")
    return replace(an_assignment(say), form=form)


def _conflict(say: Words) -> assignment.AssignmentPage:
    return replace(an_assignment(say), form=frame.Form(typed=_typed(say)), given=_given(say), conflict=True)


def _call_sheet(say: Words) -> assignment.CallSheet:
    return assignment.CallSheet(
        id="a-7", incident_id="i-1", incident=say("令和8年度 第12号", "FY2026 No. 12"), number="088-621-0000",
        party=say("徳島県 情報セキュリティ担当", "Tokushima prefecture, security desk"), due=NOW + 20 * MINUTE,
        script=(
            say("鳴門市情報政策課の撫養です。情報セキュリティの緊急連絡です。", "This is Muya of Naruto City, with a security call."),
            say("番号は令和8年度第12号、レベル3です。", "The case is FY2026 No. 12, level 3."),
            say("番号を復唱してください。", "Please read the number back."),
        ),
        form=frame.Form(key="k-4", errors={"choice": "choice_missing"}),
    )  # fmt: skip


def _chains(say: Words) -> chains.Chains:
    points = (chains.Point(channel="phone", address="088-684-0000"), chains.Point(channel="mail", address="csirt-madoguchi@city.naruto.example"))
    poc = chains.Party(name=say("統一的な窓口", "Contact point"), people=(say("撫養 花子", "Hanako Muya"), say("板東 一郎", "Ichiro Bando")), points=points)
    head = chains.Party(name=say("CSIRT責任者", "CSIRT head"), warning="no_holder")
    office = chains.Party(name=say("徳島県 情報セキュリティ担当", "Tokushima prefecture"), points=points, confirmed=date(2026, 4, 1))
    tiers = (
        chains.ChainTier(parties=(poc,)),
        chains.ChainTier(parties=(poc, head), after=10 * MINUTE, off_hours=5 * MINUTE, need=Need.ALL),
        chains.ChainTier(parties=(office,), after=90 * MINUTE, off_hours=timedelta()),
    )
    routes = (chains.ChainRoute(name="response", tiers=tiers, repeat=2), chains.ChainRoute(name="direct", tiers=tiers[2:], stop_on=StopOn.ANSWER))
    last = chains.ChainTier(parties=(chains.Party(name="CISO", people=(say("里浦 三郎", "Saburo Satoura"),), points=points),))
    title = say("庁内の情報セキュリティインシデントの連絡体制", "Contact chain inside the city hall")
    return chains.Chains(chains=(chains.Chain(name="municipal", title=title, routes=routes, exhausted=last),), office_open=False)


def _audit(say: Words) -> audit.Audit:
    rows = tuple(
        audit.AuditRow(
            seq=entry.seq, at=entry.at, kind=entry.kind, who=entry.who, incident=say("令和8年度 第12号", "FY2026 No. 12"),
            incident_href="/incidents/i-1", step=entry.what,
            details=(frame.Fact(label=say("照合値", "Hash"), value="9ae71afcafb851083b01705ea5a997462c684b59d6bccf34419c79e4f9d92bb5"),),
        )
        for entry in _timeline(say)
    )  # fmt: skip
    return audit.Audit(
        rows=rows, window=frame.Window(first=1, last=8, total=1049, older="?before=1042"), read_only=True,
        verification=audit.Verification(verdict=audit.Verdict.INTACT, at=NOW, size=1050, root="q7J0mRkqk2m1cV6u4b8mTzq0R0m4J2c9D3n5P7s9V1o="),
        kinds=tuple(kind.value for kind in EntryKind), people=(frame.Option(value="p-1", label=say("撫養 花子", "Hanako Muya")),),
        exports={"xlsx": "/audit.xlsx", "pdf": "/audit.pdf", "jsonl": "/audit.jsonl"},
    )  # fmt: skip


def _broken_audit(say: Words) -> audit.Audit:
    broken = audit.Verification(verdict=audit.Verdict.BROKEN, at=NOW, size=1050, bad_seq=733)
    form = frame.Form(errors={"incident": "number_malformed"}, typed={"incident": "?", "kind": "STEP_ANSWERED"})
    return replace(_audit(say), rows=(), verification=broken, read_only=False, form=form)


def _measures(say: Words) -> measures.MeasureList:
    row = measures.MeasureRow(
        id="m-1", text=say("保守用VPN装置の更新手順を定め、四半期ごとに確認する", "Set a procedure for updating the maintenance VPN"),
        owner=say("情報政策課長", "Head of IT"), due=date(2026, 10, 31), state=MeasureState.OPEN, may_end=True, key="k-5",
        incident=say("令和8年度 第12号", "FY2026 No. 12"), incident_href="/incidents/i-1",
    )  # fmt: skip
    done = replace(row, id="m-2", state=MeasureState.DONE, may_end=False, due=date(2027, 3, 31))
    return measures.MeasureList(rows=(row, done, replace(done, id="m-3", state=MeasureState.DROPPED)))


def _waiting(say: Words) -> waiting.Waiting:
    row = waiting.WaitingRow(
        key=17, at=NOW - 9 * MINUTE, title=say("管理者パスワードの誤りが続いた", "Repeated wrong administrator passwords"),
        level=Level.MINOR, type=IncidentType.UNAUTH_ACCESS, format="syslog", host="FW-01", repeats=12,
    )  # fmt: skip
    broken = waiting.QuarantineRow(at=NOW, code="not_json", place="byte 2048", source="soc-sensor")
    form = frame.Form(key="k-6", errors={"form": "detections_not_waiting"})
    return waiting.Waiting(
        rows=(row, replace(row, key=18, level=Level.EVENT)), quarantine=(broken,), may_decide=True, form=form, chosen=frozenset({17})
    )
