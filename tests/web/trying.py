"""Samples of the page that tries out what a source would send."""

from collections.abc import Iterator

from csirt.model.source import Source
from csirt.response.trials import Fate, Tried
from csirt.trying import Trial
from csirt.web.look import View
from csirt.web.views.frame import Form, Frame
from csirt.web.views.sources import SourceTrial, TriedRow
from tests.web.cast import Words, a_frame


def trial_pages(language: str) -> Iterator[tuple[str, Frame, View]]:
    """The form, a mistake in it, and what would become of four records."""
    say = Words(language)
    yield "source_trial", a_frame(language), SourceTrial(name="pref-security-cloud")
    wrong = Form(errors={"record": "format_unknown"}, typed={"record": "?"}, params={"format": "auto", "known": "cef"})
    yield "source_trial_wrong", a_frame(language), SourceTrial(name="edr", form=wrong)
    source = Source("edr", "csirt-head", mapping="vendor.toml", per_minute=2, ignore_fields=("id", "time"))
    fates = (Fate.JOINS, Fate.WAITS, Fate.QUARANTINED)
    trial = Trial(source, "vendor", 0, False, True, tuple(Tried(n, fate) for n, fate in enumerate(fates)), 12)
    joins = TriedRow(
        index=1,
        fate=Fate.JOINS,
        text=say(
            "令和8年度 第12号に加わる（同じ日（日本時間）に同じ端末「nrt-zei-0142.city.naruto.example」で検知）",
            "Joins FY2026 No. 12 (same host “nrt-zei-0142.city.naruto.example” on the same day (Japan))",
        ),
        title=say("不審な添付ファイルの実行", "Suspicious attachment was run"),
        attacked="nrt-zei-0142.city.naruto.example",
        level=3,
        own_level=2,
        asset=say("住民記録システム（個人番号利用事務系、市民課）", "Resident records (My Number network)"),
        fingerprint="5f0c1d2e3a4b5c6d7e8f9a0b1c2d3e4f",
    )
    waits = TriedRow(
        index=2, fate=Fate.WAITS, text=say("担当者の判断を待つ", "Waits for the officer's decision"),
        attacked="10.1.2.3", title="ET SCAN", level=1, fingerprint="00112233445566778899aabbccddeeff",
    )  # fmt: skip
    broken = TriedRow(
        index=3, fate=Fate.QUARANTINED,
        text=say("読めないため隔離する（not_json line 3）", "Cannot be read and is quarantined (not_json line 3)"),
    )  # fmt: skip
    yield (
        "source_trial_told",
        a_frame(language),
        SourceTrial(name="edr", trial=trial, rows=(joins, waits, broken), more=12),
    )
