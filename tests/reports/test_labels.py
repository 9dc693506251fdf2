"""Both languages say the same things."""

import re
from datetime import UTC, datetime

from csirt.reports.labels import CATALOG, iso_at, labels, shown_at
from tests.reports.documents import OPENED


def test_both_languages_have_the_same_labels_with_the_same_places() -> None:
    ja, en = labels("ja"), labels("en")
    assert ja.keys() == en.keys()
    for key, text in ja.items():
        assert text.strip()
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", en[key]))


def test_every_label_is_used() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in CATALOG.parent.iterdir() if path.suffix in {".py", ".typ"}
    )
    built = {f"sheet_{name}" for name in ("summary", "timeline", "measures")} | {"drill_notice", "sample_notice"}
    assert [key for key in labels("ja") if key not in built and not re.search(rf"\b{key}\b", code)] == []


def test_times_are_japanese_times() -> None:
    assert shown_at(OPENED, "ja") == "令和8年11月22日(日) 14時05分"
    assert shown_at(OPENED, "en") == "2026-11-22 14:05 JST"
    assert iso_at(datetime(2026, 12, 31, 15, 0, tzinfo=UTC)) == "2027-01-01T00:00:00.000+09:00"
