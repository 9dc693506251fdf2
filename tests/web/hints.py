"""Samples of incidents that may be the same one."""

from csirt.web.views import frame
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
