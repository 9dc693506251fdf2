"""Sample incidents, their board, their escalations, measures and waiting detections."""

from dataclasses import replace
from datetime import date, timedelta

from csirt.model.asset import Asset, Layer
from csirt.model.contact import Need, StopOn
from csirt.model.escalation import RouteState
from csirt.model.evidence import EvidenceState
from csirt.model.incident import Disposition, FourClocks, IncidentStatus, IncidentType, Level
from csirt.model.measure import MeasureState
from csirt.model.message import DeliveryState
from csirt.model.source import Way
from csirt.model.step import StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.web.pages.strips import every_step
from csirt.web.views import assets, board, escalation, evidence, frame, incident, measures, sources
from tests.web.cast import MINUTE, NOW, Words
from tests.web.facts import law_of
from tests.web.hints import some_related
from tests.web.strips import a_strip


def some_counts(number: int) -> tuple[board.Count, ...]:
    """The four figures of the board, or four zeros."""
    return (
        board.Count(code="open_incidents", number=number and 3, href="/#incidents"),
        board.Count(code="my_assignments", number=number and 2, href="/assignments"),
        board.Count(code="calls", number=number, href="/assignments", urgent=bool(number)),
        board.Count(code="waiting", number=number and 14, href="/waiting"),
    )


def a_grave_case(say: Words) -> board.IncidentRow:
    """A case in which somebody must act within minutes."""
    return board.IncidentRow(
        id="i-1",
        fiscal_year=2026,
        ordinal=12,
        type=IncidentType.RANSOMWARE,
        level=Level.GRAVE,
        title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        proposed_level=Level.SERIOUS,
        status=IncidentStatus.OPEN,
        opened_at=NOW - 95 * MINUTE,
        waiting_for=(say("統括情報セキュリティ責任者", "Director of information security"), "CISO"),
        waiting_since=NOW - 40 * MINUTE,
        due=NOW + 20 * MINUTE,
    )


def a_board(say: Words) -> board.Board:
    """The board on a busy day."""
    row = a_grave_case(say)
    mail = replace(
        row,
        id="i-2",
        ordinal=11,
        type=IncidentType.MALWARE_MAIL,
        level=None,
        proposed_level=Level.MINOR,
        title=say("不審な添付ファイルを開いたとの申告", "A suspicious attachment was opened"),
        waiting_for=(say("情報セキュリティ担当", "Security officer"),),
        due=NOW - 75 * MINUTE,
        opened_at=NOW - 2000 * MINUTE,
    )
    drill = replace(
        row,
        id="i-3",
        ordinal=3,
        type=IncidentType.DRILL,
        level=Level.CRISIS,
        waiting_for=(),
        waiting_since=None,
        due=None,
        drill=True,
        title=say("年次訓練（連絡網）", "Yearly drill of the contact chain"),
    )
    closed = replace(drill, id="i-4", ordinal=10, drill=False, status=IncidentStatus.CLOSED, level=Level.EVENT)
    window = frame.Window(first=1, last=4, total=62, older="/?page=2")
    return board.Board(counts=some_counts(1), incidents=(row, mail, drill, closed), window=window)


def a_wrong_report(say: Words) -> frame.Form:
    """A report that came back with errors."""
    return frame.Form(
        typed={"title": say("画面がおかしい", "Odd screen"), "account": "1234 5678 9018", "type": "ransomware"},
        errors={"channel": "choice_missing", "account": "my_number_refused", "noticed": "time_malformed"},
        key="k-1",
    )


def _steps(say: Words) -> tuple[incident.Step | incident.SideBySide, ...]:
    done = incident.Step(
        key="is_it_ransomware",
        title=say("ランサムウェアかどうかを判断する", "Decide whether it is ransomware"),
        kind=StepKind.ASK,
        state=StepState.DONE,
        answer=say("はい", "Yes"),
        by=say("板東 一郎", "Ichiro Bando"),
        at=NOW - 80 * MINUTE,
        reason=say("脅迫文と拡張子の変更を確認した。", "Ransom note and changed file names seen."),
    )
    current = incident.Step(
        key="cut_off",
        title=say("税務課の区画を切り離す", "Cut off the tax section"),
        kind=StepKind.APPROVE,
        state=StepState.OPEN,
        waiting_for=say("統括情報セキュリティ責任者 三木 次郎", "Director Jiro Miki"),
        since=NOW - 40 * MINUTE,
        due=NOW + 20 * MINUTE,
        assignment="a-1",
    )
    failed = incident.Step(
        key="fetch_logs",
        title=say("ログを保全する", "Preserve the logs"),
        kind=StepKind.DO,
        state=StepState.FAILED,
        at=NOW - 30 * MINUTE,
        by=say("システム", "System"),
    )
    late = replace(
        current, key="tell_prefecture", title=say("徳島県へ第1報", "First report to the prefecture"), due=NOW - MINUTE
    )
    later = incident.Step(key="restore", title=say("復旧の承認", "Approve the restoration"), kind=StepKind.APPROVE)
    fork = incident.SideBySide(
        branches=(
            incident.Branch(title=say("技術対応", "Technical work"), steps=(current, failed)),
            incident.Branch(title=say("報告・公表", "Reports"), steps=(late, replace(later, key="press"))),
        )
    )
    return (done, fork, later, replace(later, key="skipped", state=StepState.SKIPPED, at=NOW))


def a_timeline(say: Words) -> tuple[incident.Entry, ...]:
    """A piece of a record."""
    kinds = (
        EntryKind.INCIDENT_OPENED,
        EntryKind.LEVEL_PROPOSED,
        EntryKind.STEP_OPENED,
        EntryKind.PERSON_CALLED,
        EntryKind.MESSAGE_DELIVERED,
        EntryKind.CALL_ACKNOWLEDGED,
        EntryKind.STEP_ANSWERED,
        EntryKind.LEVEL_SET,
    )
    return tuple(
        incident.Entry(
            seq=1042 + number,
            at=NOW - (90 - number) * MINUTE,
            kind=kind.value,
            who=say("撫養 花子", "Hanako Muya") if number % 2 else say("システム", "System"),
            what=say("税務課の区画を切り離す: 承認する", "Cut off the tax section: approved") if number > 5 else "",
        )
        for number, kind in enumerate(kinds)
    )


def some_gathered_calls(say: Words) -> incident.Entry:
    """The calls of a tier, as one line of the timeline."""
    calls = tuple(replace(one, gathered=None, kind=EntryKind.PERSON_CALLED.value) for one in a_timeline(say)[6:])
    within = incident.Gathered(
        first=1045, since=NOW - 90 * MINUTE, step=say("税務課の区画を切り離す", "Cut off the tax section"), tiers=(2,),
        counts=(("PERSON_CALLED", 2), ("DELIVERY_FAILED", 1)), more=3, entries=calls,
        parties=(say("情報セキュリティに関する統一的な窓口", "Contact point"), say("CSIRT責任者", "CSIRT head")),
    )  # fmt: skip
    return replace(a_timeline(say)[5], gathered=within)


def _calls(say: Words) -> tuple[escalation.Call, escalation.Call, escalation.Call]:
    call = escalation.Call(
        name=say("撫養 花子", "Hanako Muya"),
        channel="mail",
        at=NOW - 40 * MINUTE,
        state=DeliveryState.SENT,
        acknowledged_at=NOW - 38 * MINUTE,
    )
    phone = replace(
        call,
        name=say("三木 次郎", "Jiro Miki"),
        channel="phone",
        state=DeliveryState.QUEUED,
        acknowledged_at=None,
        sheet="a-7",
    )
    nobody = replace(call, name=say("代理2", "Deputy 2"), state=None, skipped="no_holder", acknowledged_at=None)
    return call, phone, nobody


def _escalation(say: Words) -> escalation.EscalationPart:
    call, phone, nobody = _calls(say)
    rungs = (
        escalation.Rung(
            number=1, at=NOW - 40 * MINUTE, parties=(say("統一的な窓口", "Contact point"),), reached=True, calls=(call,)
        ),
        escalation.Rung(
            number=2,
            at=NOW - 30 * MINUTE,
            reached=True,
            calls=(phone, nobody),
            need=Need.ALL,
            parties=(say("CSIRT責任者", "CSIRT head"), say("統括情報セキュリティ責任者 代理2", "Director, deputy 2")),
        ),
        escalation.Rung(number=3, at=NOW + 10 * MINUTE, parties=("CISO",)),
    )
    return escalation.EscalationPart(
        id="e-1",
        chain=say("庁内の連絡体制", "Contact chain inside the city hall"),
        may_acknowledge=True,
        key="k-2",
        whole="/incidents/i-1?ladder=e-1#escalation-e-1",
        about=say("税務課の区画を切り離す", "Cut off the tax section"),
        ladders=(
            escalation.Ladder(
                name=say("庁内の連絡", "Inside the city hall"), state=RouteState.CLIMBING, rungs=rungs, hidden=7
            ),
            escalation.Ladder(
                name=say("総務省への同報", "Straight to the ministry"),
                state=RouteState.ACKNOWLEDGED,
                rungs=rungs[:1],
                stop_on=StopOn.ANSWER,
            ),
        ),
    )


def a_detection(say: Words) -> incident.DetectionRow:
    """One on an asset, which raised it."""
    return incident.DetectionRow(
        at=NOW - 97 * MINUTE,
        format="suricata-eve",
        level=Level.GRAVE,
        host="TAX-PC-017.city.naruto.example",
        title="ET MALWARE Win32/LockBit Ransomware Checkin Activity (GET)",
        repeats=4,
        raised_from=2,
        observables=(
            say(
                "分類（RSIT）: malicious-code/c2-server",
                "Class (RSIT): malicious-code/c2-server",
            ),
            say("ATT&CKの技術: T1486, T1490", "ATT&CK technique: T1486, T1490"),
            "URL: hxxps://gate[.]example[.]net/checkin/a?id=0123456789abcdef0123456789abcdef",
            say("ドメイン: gate[.]example[.]net", "Domain: gate[.]example[.]net"),
            "SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
        asset=say("税務課の端末（個人番号利用事務系、税務課）", "Tax computers (My Number network)"),
    )


def an_incident(say: Words) -> incident.Incident:
    """An open incident in full flight."""
    return incident.Incident(
        id="i-1",
        fiscal_year=2026,
        ordinal=12,
        type=IncidentType.RANSOMWARE,
        level=None,
        proposed_level=Level.GRAVE,
        title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
        status=IncidentStatus.OPEN,
        opened_by=say("撫養 花子", "Hanako Muya"),
        timeline=(*a_timeline(say)[:5], some_gathered_calls(say), *a_timeline(say)[6:]),
        clocks=FourClocks(received=NOW - 95 * MINUTE, noticed=NOW - 110 * MINUTE, known=NOW - 96 * MINUTE),
        window=frame.Window(first=1, last=8, total=57, older="?before=1042"),
        playbook=say("ランサムウェア", "Ransomware"),
        playbook_version=3,
        steps=_steps(say),
        strip=a_strip(say),
        next_step=next(every_step(_steps(say)[1:])),
        escalations=(_escalation(say), replace(_escalation(say), id="e-2")),
        measures=some_measures(say).rows[:1],
        evidence=some_evidence(say),
        **law_of(say),
        detections=(a_detection(say),),
        posts=(
            frame.Option(value="ciso", label="CISO"),
            frame.Option(value="head", label=say("情報政策課長", "Head of IT")),
        ),
        may_add_measure=True,
        may_merge=True,
        related=some_related(say),
        may_set_level=True,
        sample=True,
    )


def some_evidence(say: Words) -> evidence.EvidencePart:
    """A photograph, a log that was changed on the disk, a file that was erased."""
    row = evidence.EvidenceRow(
        id="v-7k2m9x4q1v8z",
        name=say("脅迫文の画面（税務課端末）.jpg", "ransom-note-on-the-screen.jpg"),
        size=2_345_678,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        by=say("撫養 花子", "Hanako Muya"),
        at=NOW - 80 * MINUTE,
        state=EvidenceState.WHOLE,
        checked_at=NOW - 5 * MINUTE,
        key="k-7",
    )
    changed = replace(row, id="v-2", name="proxy-2026-11-22.log.gz", size=812, state=EvidenceState.CHANGED)
    erased = replace(row, id="v-3", name="", sha256="", size=0, checked_at=None)
    return evidence.EvidencePart(
        rows=(row, changed, erased), most=4 * 1024**3, may_add=True, may_read=True, may_hand_over=True,
        form=frame.Form(key="k-8"),
    )  # fmt: skip


def a_closed_incident(say: Words) -> incident.Incident:
    """A closed incident whose run had stopped, with a faulty form."""
    errors = frame.Form(errors={"text": "text_missing", "owner": "post_unknown"}, typed={"owner": "ciso"})
    return replace(
        an_incident(say),
        status=IncidentStatus.CLOSED,
        disposition=Disposition.TRUE_POSITIVE,
        closed_at=NOW,
        steps=(),
        level=Level.CRISIS,
        level_set_by="CISO",
        level_reason=say("住民情報に及ぶおそれ", "May reach residents' data"),
        drill=True,
        escalations=(),
        detections=(),
        measures=(),
        measure_form=errors,
        stopped_by="playbook_drift",
    )


def some_measures(say: Words) -> measures.MeasureList:
    """Measures in each state."""
    row = measures.MeasureRow(
        id="m-1",
        text=say(
            "保守用VPN装置の更新手順を定め、四半期ごとに確認する", "Set a procedure for updating the maintenance VPN"
        ),
        owner=say("情報政策課長", "Head of IT"),
        due=date(2026, 10, 31),
        state=MeasureState.OPEN,
        may_end=True,
        late=True,
        key="k-5",
        incident=say("令和8年度 第12号", "FY2026 No. 12"),
        incident_href="/incidents/i-1",
    )
    ended = say("手順書を定め、初回の確認を終えた。", "The procedure is written and was gone through once.")
    done = replace(
        row, id="m-2", state=MeasureState.DONE, may_end=False, may_check=True, due=date(2027, 3, 31), ended=ended,
        late=False,
    )  # fmt: skip
    checked = replace(done, id="m-4", state=MeasureState.CHECKED, may_check=False, effect=ended, checked_by="A")
    post = frame.Option(value="ciso", label="CISO")
    dropped = replace(done, id="m-3", state=MeasureState.DROPPED, may_check=False)
    return measures.MeasureList(rows=(row, done, checked, dropped), posts=(post,), query="state=open")


def some_sources(say: Words) -> sources.SourceList:
    """One that is heard, one that fell silent, one that never spoke."""
    owner = say("CSIRT責任者", "CSIRT head")
    heard = sources.SourceRow(
        name="pref-security-cloud", owner=owner, way=Way.WEB, last_seen=NOW - MINUTE, records=12840, detections=37,
        quarantined=2, tokens=2, per_minute=6000, silent_after=timedelta(hours=24), ignore_fields=("id", "time"),
    )  # fmt: skip
    silent = sources.SourceRow(
        name="edr", owner=owner, way=Way.FOLDER, last_seen=NOW - 2000 * MINUTE, silent_since=NOW - 560 * MINUTE
    )
    return sources.SourceList(
        rows=(heard, silent, sources.SourceRow(name="fw", owner=owner, way=Way.SYSLOG)), may_try=True
    )


def some_assets(say: Words) -> assets.AssetList:
    """The ledger after a file was read, of which something could not be."""
    juki = Asset(
        number="S-001",
        name=say("住民記録システム", "Residents' register"),
        owner=say("市民課", "Citizens' section"),
        vendor=say("四国システム株式会社", "Shikoku Systems Ltd."),
        layer=Layer.MY_NUMBER,
        confidentiality=3,
        integrity=2,
        availability=2,
        hosts=("juki-sv01.city.naruto.example", "juki-sv02.city.naruto.example"),
        addresses=("10.20.1.11",),
        networks=("10.20.8.0/24",),
    )
    row = assets.AssetRow(asset=juki, classes=say("機密性3 完全性2 可用性2", "C3 I2 A2"), hits=4)
    bare = assets.AssetRow(asset=Asset(number="S-104", name=say("予備の端末", "Spare computer")))
    return assets.AssetList(
        rows=(row, bare),
        total=2,
        may_import=True,
        read=2,
        added=2,
        remarks=(assets.RemarkRow(line=14, code="asset_layer_unknown", heading=say("ネットワーク区分", "Network")),),
    )
