"""Samples of incidents that may be the same one, or show the same."""

from csirt.model.incident import IncidentStatus, Level
from csirt.web.views import frame, incident
from tests.web.cast import Words


def some_hints(say: Words) -> tuple[frame.Hint, ...]:
    """Two incidents that may be the same one."""
    domain = say(
        "同じドメイン「cdn-updates[.]badguys[.]example」を検知", "Same domain “cdn-updates[.]badguys[.]example”"
    )
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    file = say(
        f"同じファイル（ハッシュ値 {digest}）を、別の日に、または多くの端末で検知",
        f"Same file (hash {digest}), on another day or on many hosts",
    )
    return (
        frame.Hint(value="i-7", label=say("令和8年度 第7号", "FY2026 No. 7"), why=domain),
        frame.Hint(value="i-9", label=say("令和8年度 第9号", "FY2026 No. 9"), why=file),
    )


def some_related(say: Words) -> incident.RelatedPart:
    """One that is open and may be merged into, one that is closed, and what too many show."""
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    open_one = incident.RelatedRow(
        id="i-9",
        number=say("令和8年度 第9号", "FY2026 No. 9"),
        title=say("出先機関の端末で不審なプログラムを検知した", "Suspicious program at a branch office"),
        level=None,
        proposed_level=Level.SERIOUS,
        status=IncidentStatus.OPEN,
        over=(
            say(f"同じファイル（ハッシュ値 {digest}）", f"Same file (hash {digest})"),
            say("同じドメイン「cdn-updates[.]badguys[.]example」", "Same domain “cdn-updates[.]badguys[.]example”"),
        ),
        may_merge=True,
    )
    closed = incident.RelatedRow(
        id="i-3",
        number=say("令和7年度 第41号", "FY2025 No. 41"),
        title=say("不審な添付を開いた", "Suspicious attachment opened"),
        level=Level.MINOR,
        proposed_level=Level.MINOR,
        status=IncidentStatus.CLOSED,
        over=(say("同じ端末「naruto-zei-014」", "Same host “naruto-zei-014”"),),
    )
    common = say("同じ攻撃元「198[.]51[.]100[.]23」", "Same attacker “198[.]51[.]100[.]23”")
    return incident.RelatedPart(rows=(open_one, closed), common=(common,))
