"""What must hold."""

from pytest_bdd import parsers, then

from csirt.model.incident import IncidentStatus
from csirt.model.measure import MeasureFilter
from csirt.response import audit
from csirt.store.queries import cases, timeline, work
from csirt.store.queries.measures import measures as measures_of
from csirt.store.tx import Look
from tests.plays import effects, entries, steps, stopped_by, times
from tests.steps.story import Story

# ------------------------------------------------------------------------------------------------------------ refusals


@then(parsers.parse("それは {code} として拒まれる"))
def refused(story: Story, code: str) -> None:
    assert story.refusal == code
    story.refusal = ""


@then("記録は変わっていない")
def record_unchanged(story: Story) -> None:
    assert story.world.desk.look(timeline.head)[0] == story.record_before


@then(parsers.parse("一つだけが受け付けられ、三つは {code} として拒まれる"))
def one_of_four(story: Story, code: str) -> None:
    assert sorted(story.said) == sorted(["accepted", code, code, code])


# ----------------------------------------------------------------------------------------------------------- incidents


@then(parsers.parse("案件は{n:d}件である"))
def number_of_incidents(story: Story, n: int) -> None:
    found = story.world.desk.look(cases.incidents)
    assert len(found) == n
    assert story.world.kinds().count("INCIDENT_OPENED") == n


@then(parsers.parse("案件には検知が{n:d}件ある"))
def number_of_detections(story: Story, n: int) -> None:
    assert len(story.detections()) == n


@then(parsers.parse("案件には検知が{n:d}件あり、{times_:d}回届いている"))
def counted_detections(story: Story, n: int, times_: int) -> None:
    found = story.detections()
    assert (len(found), sum(one.count for one in found)) == (n, times_)


@then(parsers.parse("案件の種類は {type_} である"))
def type_of_incident(story: Story, type_: str) -> None:
    assert story.world.desk.look(cases.incident, story.incident).type.value == type_


@then(parsers.parse("案件の提案レベルは{n:d}である"))
def proposed_level(story: Story, n: int) -> None:
    assert story.world.desk.look(cases.incident, story.incident).proposed_level == n


@then(parsers.parse("案件のレベルは{n:d}である"))
def level(story: Story, n: int) -> None:
    assert story.world.desk.look(cases.incident, story.incident).level == n
    assert [entry.out["level"] for entry in entries(story.world, story.incident, "LEVEL_SET")] == [n]


@then("案件のレベルはまだ決まっていない")
def no_level(story: Story) -> None:
    assert story.world.desk.look(cases.incident, story.incident).level is None


@then("案件は開いている")
def is_open(story: Story) -> None:
    assert story.world.desk.look(cases.incident, story.incident).status is IncidentStatus.OPEN


@then(parsers.parse("案件は {disposition} として閉じている"))
def is_closed(story: Story, disposition: str) -> None:
    case = story.world.desk.look(cases.incident, story.incident)
    assert (case.status, case.disposition) == (IncidentStatus.CLOSED, disposition)
    assert len(entries(story.world, story.incident, "INCIDENT_CLOSED")) == 1


@then(parsers.parse("閉じた理由は「{text}」である"))
def closed_because(story: Story, text: str) -> None:
    assert entries(story.world, story.incident, "INCIDENT_CLOSED")[0].texts["because"] == text


@then(parsers.parse("案件は {code} で止まったと記録に書かれている"))
def is_stopped(story: Story, code: str) -> None:
    assert stopped_by(story.world, story.incident) == code


@then("窓口とCSIRT責任者に、止まったことが知らされている")
def told_of_stop(story: Story) -> None:
    calls = story.world.desk.look(work.deliveries, incident=story.incident)
    told = {call.party for call in calls if call.template == "run_stopped"}
    assert told == {"role:officer", "post:csirt-head"}


@then("ランサムウェアの案件は進み続ける")
def other_goes_on(story: Story) -> None:
    story.incident = story.beside
    story.answer("窓口の佐藤", "is_it_an_incident", "yes")
    assert "propose_level" in story.world.waiting(story.beside)


# ---------------------------------------------------------------------------------------------------------- detections


@then(
    parsers.parse(
        "{records:d}件の記録は、検知{detections:d}件、重複{duplicates:d}件、検知でないもの{nothing:d}件、読めないもの{quarantined:d}件に分かれる"
    )
)
def buckets(story: Story, records: int, detections: int, duplicates: int, nothing: int, quarantined: int) -> None:
    found = story.answers[-1]
    assert (found.records, found.detections, found.duplicates, found.not_detections, found.quarantined) == (
        records,
        detections,
        duplicates,
        nothing,
        quarantined,
    )
    assert detections + duplicates + nothing + quarantined == records
    assert len(story.world.desk.look(cases.quarantine)) == quarantined


@then("二度とも同じ返事である")
def same_answer(story: Story) -> None:
    first, second = story.answers
    assert first == second
    assert first.records > 0


@then(parsers.parse("隔離された記録の理由は {code} である"))
def quarantined_because(story: Story, code: str) -> None:
    assert [row["code"] for row in story.world.desk.look(cases.quarantine)] == [code]


@then("隔離された記録の中身は、理由に書かれていない")
def reason_without_content(story: Story) -> None:
    assert all("himitsu" not in row["reason"] for row in story.world.desk.look(cases.quarantine))


@then(parsers.parse("{n:d}件の検知が窓口の判断を待っている"))
def detections_waiting(story: Story, n: int) -> None:
    assert len(story.keys_waiting()) == n


# --------------------------------------------------------------------------------------------------------------- steps


@then(parsers.parse("{step} が待っている"))
def is_waiting(story: Story, step: str) -> None:
    assert step in story.world.waiting(story.incident)


@then(parsers.parse("{step} を待つのは {who} である"))
def is_waiting_for(story: Story, step: str, who: str) -> None:
    assert story.world.waiting(story.incident)[step].who == who


@then("待っている手順はない")
def nothing_waits(story: Story) -> None:
    assert story.world.waiting(story.incident) == {}


@then(parsers.parse("{step} は求められていない"))
def never_asked(story: Story, step: str) -> None:
    assert step not in steps(story.world, story.incident)


@then(parsers.parse("{step} は終わっている"))
def is_done(story: Story, step: str) -> None:
    assert steps(story.world, story.incident)[step].state.value == "done"


@then("どの手順も一度だけ記録されている")
def every_step_once(story: Story) -> None:
    counted = times(story.world, story.incident)
    for key, step in steps(story.world, story.incident).items():
        assert step.state.value == "done"
        assert counted["STEP_DONE", key] + counted["STEP_ANSWERED", key] == 1, key


@then(parsers.parse("命令書 {kind} が{n:d}通ある"))
def tickets(story: Story, kind: str, n: int) -> None:
    assert len(list((story.world.desk.settings.data / "tickets").glob(f"{kind}-*.json"))) == n


@then(parsers.re(r"処理 (?P<step>\S+) は(同じ鍵で)?(?P<n>\d)回行われ、1回だけ記録されている"))
def done_and_recorded(story: Story, step: str, n: str) -> None:
    run = entries(story.world, story.incident, "RUN_ORDERED")[0].run
    assert effects(story.world.desk.settings.data)[f"{run}:{step}"] == int(n)
    assert times(story.world, story.incident)["STEP_DONE", step] == 1


@then(parsers.parse("処理 {step} はまだ行われていない"))
def not_done_yet(story: Story, step: str) -> None:
    assert times(story.world, story.incident)["STEP_STARTED", step] == 0


@then(parsers.parse("処理 {step} の鍵はどの試みでも同じである"))
def same_key(story: Story, step: str) -> None:
    started = [entry for entry in entries(story.world, story.incident, "STEP_STARTED") if entry.step == step]
    assert len({entry.out["key"] for entry in started}) == 1
    assert [entry.out["attempt"] for entry in started] == [1, 2, 3]


# ------------------------------------------------------------------------------------------------------------- calling


@then("連絡網は次の時刻に次の相手を呼んでいる")
def calls_so_far(story: Story, datatable: list[list[str]]) -> None:
    expected = {int(after): set(parties.split(", ")) for after, parties in datatable[1:]}
    found: dict[int, set[str]] = {}
    for after, party, _ in story.calls():
        found.setdefault(after, set()).add(party)
    assert found == expected


@then(parsers.parse("{n:d}秒後に {party} が {first} と {second} で呼ばれている"))
def called_after(story: Story, n: int, party: str, first: str, second: str) -> None:
    channels = [channel for _, called, channel in story.calls(n) if called == party]
    assert sorted(channels) == sorted([first, second])


@then(parsers.parse("{n:d}秒後に {party} は呼ばれていない"))
def not_called_after(story: Story, n: int, party: str) -> None:
    assert party not in {called for _, called, _ in story.calls(n)}


@then(parsers.parse("{n:d}秒後より先に呼ばれた相手はいない"))
def nobody_later(story: Story, n: int) -> None:
    assert [call for call in story.calls() if call[0] >= n] == []


@then(parsers.parse("連絡は {state} として終わっている"))
def escalation_ended(story: Story, state: str) -> None:
    found = story.escalation()
    assert found.ended_at is not None
    assert {route["state"] for route in found.routes} == {state}


@then("電話の依頼は残っていない")
def no_sheets(story: Story) -> None:
    assert [step for step in story.world.waiting(story.incident) if step.startswith("call:")] == []


@then(parsers.parse("記録は {party} を {code} として飛ばしたと言う"))
def skipped(story: Story, party: str, code: str) -> None:
    found = entries(story.world, story.incident, "TIER_SKIPPED")
    assert (party, code) in {(entry.out["party"], entry.out["code"]) for entry in found}


@then("個人情報担当と広報に知らせが届いている")
def informed(story: Story) -> None:
    calls = story.world.desk.look(work.deliveries, incident=story.incident)
    told = {call.party: call.state for call in calls if call.template == "notice"}
    assert told == {"post:privacy-officer": "sent", "post:public-relations": "sent"}


# ---------------------------------------------------------------------------------------------------------- the record


@then(parsers.parse("記録に {kind} が{n:d}回ある"))
def in_the_record(story: Story, kind: str, n: int) -> None:
    assert story.world.kinds().count(kind) == n


@then(parsers.parse("案件の記録に {kind} が{n:d}回ある"))
def in_the_case(story: Story, kind: str, n: int) -> None:
    assert len(entries(story.world, story.incident, kind)) == n


@then("記録の検証に通る")
def record_is_sound(story: Story) -> None:
    found = story.world.desk.look(audit.verify)
    assert (found.ok, found.why) == (True, None)
    assert found.size == len(story.world.kinds()) > 0


@then(parsers.parse("記録の項目に「{text}」という文字はない"))
def not_in_entries(story: Story, text: str) -> None:
    def lines(look: Look) -> list[bytes]:
        return [raw for _, raw in timeline.canonical_rows(look)]

    found = story.world.desk.look(lines)
    assert found
    assert all(raw.isascii() and text.encode() not in raw for raw in found)


@then(parsers.parse("案件の経過には「{text}」とある"))
def in_the_texts(story: Story, text: str) -> None:
    told = " ".join(value for entry in story.world.told(story.incident) for value in entry.texts.values())
    assert text in told


@then(parsers.parse("{kind} の行為者は{who}の印である"))
def acted_by(story: Story, kind: str, who: str) -> None:
    actor = story.who(who)
    assert actor.id.startswith("p-")
    assert [entry.actor for entry in entries(story.world, story.incident, kind)] == [actor.id]


@then(parsers.parse("対策「{text}」が、担当 {post}、{days:d}日後の期限で一覧にある"))
def measure_listed(story: Story, text: str, post: str, days: int) -> None:
    found = {one.text: one for one in story.world.desk.look(measures_of, MeasureFilter(incident=story.incident))}
    assert (found[text].owner, found[text].due) == (post, story.day_in(days))
