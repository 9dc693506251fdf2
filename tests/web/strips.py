"""A sample strip of an incident's time."""

from itertools import pairwise

from csirt.web.views import incident
from tests.web.cast import MINUTE, NOW, Words


def a_strip(say: Words) -> tuple[incident.Mark, ...]:
    """From the first sign to what is due."""
    late, now, ahead = incident.MarkState.LATE, incident.MarkState.NOW, incident.MarkState.AHEAD
    marks = (
        incident.Mark(at=NOW - 110 * MINUTE, labels=(say("発覚", "Noticed"),)),
        incident.Mark(at=NOW - 96 * MINUTE, labels=(say("知った", "Known"), say("受付", "Received"))),
        incident.Mark(at=NOW - 80 * MINUTE, labels=(say("ランサムウェアかどうかを判断する", "Is it ransomware?"),)),
        incident.Mark(at=NOW - MINUTE, labels=(say("徳島県へ第1報", "First report"),), state=late),
        incident.Mark(at=NOW, labels=(say("現在", "Now"),), state=now),
        incident.Mark(at=NOW + 20 * MINUTE, labels=(say("税務課の区画を切り離す", "Cut off"),), state=ahead),
    )
    return (marks[0], *(after.after(before.at) for before, after in pairwise(marks)))
