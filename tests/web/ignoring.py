"""Sample views of rules that set detections aside, and of the list of detections."""

from collections.abc import Iterator

from csirt.model.ignoring import IgnoreKind
from csirt.model.incident import Level
from csirt.web.look import View
from csirt.web.views import frame
from csirt.web.views.ignoring import DetectionList, FoundDetection, IgnoreRuleRow, IgnoreRules
from tests.web.cast import MINUTE, NOW, Words, a_frame


def rule_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Rules: active and ended, faulty, none; detections: some, none."""
    say = Words(language)
    rule = IgnoreRuleRow(
        id="q-1", kind=IgnoreKind.MAINTENANCE, state="active",
        what=(say("検知元 edr", "Source edr"), say("端末 JUKI-SV01", "Host JUKI-SV01")), from_at=NOW - 60 * MINUTE,
        until_at=NOW + 60 * MINUTE, reason=say("住民記録システムの更新作業", "Update of the residents' register"),
        by=say("佐藤 健一", "K. Sato"), passes_from=Level.GRAVE, detections=12, seen=340, key="k-1",
    )  # fmt: skip
    ended = IgnoreRuleRow(
        id="q-2", kind=IgnoreKind.SNOOZE, state="ended", what=(say("件名に「scan」", "Title with “scan”"),),
        from_at=NOW - 900 * MINUTE, until_at=NOW - 300 * MINUTE, reason=say("確認中", "Being checked"),
        by=say("佐藤 健一", "K. Sato"), passes_from=Level.GRAVE,
    )  # fmt: skip
    wrong = frame.Form(errors={"until": "ignore_rule_span", "text": "ignore_rule_empty"}, params={"days": 366})
    options = (frame.Option(value="edr", label="edr"),)
    yield "ignore_rules", a_frame(language), IgnoreRules(rows=(rule, ended), sources=options, may_decide=True)
    yield "ignore_rules_wrong", a_frame(language), IgnoreRules(rows=(), may_decide=True, form=wrong)
    yield "ignore_rules_empty", a_frame(language), IgnoreRules(rows=())
    one = FoundDetection(
        at=NOW - 9 * MINUTE, title="ET SCAN Potential SSH Scan", level=Level.MINOR, host="juki-sv01.city.example",
        format="suricata-eve", state="ignored", repeats=4,
    )  # fmt: skip
    sorted_ = FoundDetection(
        at=NOW, title="x", level=Level.GRAVE, host="pc-1", format="cef", state="sorted", incident="i-1",
    )  # fmt: skip
    yield "detections", a_frame(language), DetectionList(rows=(one, sorted_), state="", rule="q-1")
    yield "detections_empty", a_frame(language), DetectionList(rows=(), state="new", host="pc-1")
