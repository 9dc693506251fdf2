"""What people and sensors do. What a story begins with is said of the past (`答えている`)."""

import json
import threading
from collections.abc import Callable
from datetime import date

from pytest_bdd import given, parsers, when

from csirt import founding
from csirt.errors import CsirtError
from csirt.model.incident import Disposition, IncidentType, Level
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.model.people import SYSTEM, Actor
from csirt.response import access, assignments, escalations, incidents, measures, setting_aside
from csirt.response.assignments import Reply
from csirt.response.incidents import Report
from csirt.store.queries import work
from csirt.store.queries.measures import measures as measures_of
from tests.steps.story import Story

SAMPLES = founding.SAMPLE_CITY.parent / "detections"
LEVEL_COLUMN = "レベル"
FIELDS = {"端末": "host", "攻撃元": "src_ip", "題名": "title", "番号": "id"}


# ---------------------------------------------------------------------------------------------------------- detections


@given("次の検知が届いている")
@when("次の検知が届く")
def detections_come(story: Story, datatable: list[list[str]]) -> None:
    head, *rows = datatable
    lines = []
    for row in rows:
        cells = dict(zip(head, row, strict=True))
        line: dict[str, object] = {FIELDS[name]: cell for name, cell in cells.items() if name in FIELDS and cell}
        lines.append(
            json.dumps({**line, "level": int(cells[LEVEL_COLUMN]), "time": f"2026-11-24T{cells['時刻']}:00+09:00"})
        )
    story.bring("\n".join(lines).encode(), "native")


@when(parsers.parse("見本のセンサー {file} の記録が届く"))
def sample_comes(story: Story, file: str) -> None:
    story.bring((SAMPLES / file).read_bytes())


@when(parsers.parse("見本のセンサー {file} の記録が、要求番号 {key} で届く"))
def sample_comes_with_key(story: Story, file: str, key: str) -> None:
    story.bring((SAMPLES / file).read_bytes(), key=key)


@when(parsers.parse("通信の記録だけが{n:d}件届く"))
def flows_come(story: Story, n: int) -> None:
    flow = {"timestamp": "2026-11-24T10:00:00.000000+0900", "event_type": "flow", "src_ip": "10.20.3.142"}
    story.bring("\n".join(json.dumps({**flow, "flow_id": number}) for number in range(n)).encode(), "suricata-eve")


@when("途中で切れた記録が届く")
def torn_record_comes(story: Story) -> None:
    story.bring(b'{"timestamp":"2026-11-24T10:00:00.000000+0900","event_type":"alert","himitsu":', "suricata-eve")


@when(parsers.parse("{who}が検知の記録を送る"))
def somebody_brings(story: Story, who: str) -> None:
    story.bring((SAMPLES / "suricata.ndjson").read_bytes(), actor=story.who(who))


@when(parsers.parse("{who}が、待っている検知から案件「{title}」を開く"))
def open_waiting(story: Story, who: str, title: str) -> None:
    keys = story.keys_waiting()
    opened = story.attempt(story.who(who), incidents.open_waiting, keys, title, IncidentType.UNAUTH_ACCESS)
    story.incident = opened or ""


@when(parsers.re("(?P<who>.+)が、待っている検知を「(?P<reason>.*)」という理由で案件にしない"))
def ignore_waiting(story: Story, who: str, reason: str) -> None:
    story.attempt(story.who(who), incidents.ignore_waiting, story.keys_waiting(), reason)


@when(parsers.parse("{who}が同じ届け出を二度送る"))
def report_twice(story: Story, who: str) -> None:
    report = Report(title="不審なメールを開いた", type=IncidentType.MALWARE_MAIL)
    for _ in range(2):
        story.attempt(story.who(who), incidents.open_by_report, report, request_key="form-3")


# ------------------------------------------------------------------------------------------------------------- answers


@given(parsers.re(r"(?P<who>\S+)が (?P<step>\S+) に「(?P<words>[^」]*)」と答えている"))
@when(parsers.re(r"(?P<who>\S+)が (?P<step>\S+) に「(?P<words>[^」]*)」と答える"))
def answer(story: Story, who: str, step: str, words: str) -> None:
    story.answer(who, step, words)


@when(parsers.re(r"(?P<who>\S+)が (?P<step>\S+) に理由「(?P<reason>[^」]*)」を添えて「(?P<words>[^」]*)」と答える"))
def answer_because(story: Story, who: str, step: str, reason: str, words: str) -> None:
    story.answer(who, step, words, reason)


@when(parsers.parse("{who}が、同じ画面から「{words}」と答える"))
def answer_late(story: Story, who: str, words: str) -> None:
    known = story.world.desk.look(work.assignments, incident=story.incident, open_only=False)
    first = min((one for one in known if one.run and one.closed_at), key=lambda view: view.opened_at)
    story.reply(who, first, words, "別の見立てである。")


@when(parsers.parse("{who}の画面が四つ、同時に {step} に答える"))
def answer_at_once(story: Story, who: str, step: str) -> None:
    waiting, actor = story.world.waiting(story.incident)[step], story.who(who)
    ready = threading.Barrier(4)

    def press() -> None:
        ready.wait()
        try:
            story.world.desk.commit(actor, assignments.answer, waiting.id, Reply("yes"))
            story.said.append("accepted")
        except CsirtError as error:
            story.said.append(error.code)

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@when(parsers.re(r"(?P<who>\S+)が (?P<step>\S+) を「(?P<reason>[^」]*)」という理由で省く"))
def skip(story: Story, who: str, step: str, reason: str) -> None:
    story.attempt(story.who(who), setting_aside.skip, story.incident, step, reason)


@when(parsers.parse("作業者が {step} に答えようとする"))
def machine_answers(story: Story, step: str) -> None:
    story.attempt(SYSTEM, assignments.answer, story.world.waiting(story.incident)[step].id, Reply("yes"))


@when(parsers.parse("{who}がメールのリンクから {step} に答えようとする"))
def answer_by_link(story: Story, who: str, step: str) -> None:
    waiting = story.world.waiting(story.incident)[step]
    story.attempt(story.by_link(who), assignments.answer, waiting.id, Reply("yes"))


# ------------------------------------------------------------------------------------------------------------- calling


@when(parsers.parse("{who}がメールのリンクから受け取ったと告げる"))
def acknowledge_by_link(story: Story, who: str) -> None:
    story.attempt(story.by_link(who), escalations.acknowledge, story.escalation().id)


@when(parsers.parse("{who}が連絡を受け取ったと告げる"))
def acknowledge(story: Story, who: str) -> None:
    story.attempt(story.who(who), escalations.acknowledge, story.escalation().id)


@when(
    parsers.re(r"(?P<who>\S+)が (?P<party>\S+) への電話を、応対者「(?P<spoke>.*)」復唱「(?P<back>.*)」として記入する")
)
def fill_sheet(story: Story, who: str, party: str, spoke: str, back: str) -> None:
    story.answer(who, f"call:{party}", "つながった", "", spoke_with=spoke, read_back=back)


@when(parsers.re(r"(?P<who>\S+)が (?P<party>\S+) への電話を、つながらなかったと記入する"))
def fill_sheet_not_reached(story: Story, who: str, party: str) -> None:
    story.answer(who, f"call:{party}", "つながらなかった", "呼び出し音のみ。")


@when(parsers.parse("{who}が3つの連絡先すべてに電話し、復唱を受ける"))
def phone_every_office(story: Story, who: str) -> None:
    story.phone_every_office(who)


@when(parsers.parse("{who}が監視センター、回線事業者、保守業者に電話し、復唱を受ける"))
def phone_those_who_can_mend(story: Story, who: str) -> None:
    story.phone(who, "soc", "line-operator", "maintenance")


# ---------------------------------------------------------------------------------------------------------- other acts


@when(parsers.re(r"(?P<who>\S+)が付記「(?P<text>[^」]*)」を書く"))
def add_note(story: Story, who: str, text: str) -> None:
    story.attempt(story.who(who), incidents.add_note, story.incident, text)


@given(parsers.re(r"(?P<who>\S+)が対策「(?P<text>[^」]*)」を担当 (?P<post>\S+)、(?P<days>\d+)日後を期限に登録している"))
@when(parsers.re(r"(?P<who>\S+)が対策「(?P<text>[^」]*)」を担当 (?P<post>\S+)、(?P<days>\d+)日後を期限に登録する"))
def add_measure(story: Story, who: str, text: str, post: str, days: str) -> None:
    story.attempt(story.who(who), measures.add, story.incident, text, post, story.day_in(int(days)))


@when(parsers.re(r"(?P<who>\S+)が対策「(?P<text>[^」]*)」を終える"))
def end_measure(story: Story, who: str, text: str) -> None:
    listed = story.world.desk.look(measures_of, MeasureFilter(incident=story.incident))
    found = [one for one in listed if one.text == text]
    story.attempt(story.who(who), measures.end, found[0].id, MeasureState.DONE, "")


TRIES: dict[str, Callable[[Story, Actor], object]] = {
    "案件を開こうとする": lambda story, actor: story.attempt(actor, incidents.open_by_report, Report(title="試み")),
    "案件を閉じようとする": lambda story, actor: story.attempt(
        actor, incidents.close, story.incident, Disposition.BENIGN, "終わり"
    ),
    "付記を書こうとする": lambda story, actor: story.attempt(actor, incidents.add_note, story.incident, "試み"),
    "対策を登録しようとする": lambda story, actor: story.attempt(
        actor, measures.add, story.incident, "試み", "ciso", date(2027, 1, 1)
    ),
    "レベルを決めようとする": lambda story, actor: story.attempt(
        actor, incidents.set_level, story.incident, Level.EVENT, "試み"
    ),
    "センサーの鍵を発行しようとする": lambda story, actor: story.attempt(actor, access.issue_token, "edr"),
}


@when(parsers.re(rf"(?P<who>\S+?)が(?P<act>{'|'.join(TRIES)})"))
def try_something(story: Story, who: str, act: str) -> None:
    TRIES[act](story, story.who(who))
