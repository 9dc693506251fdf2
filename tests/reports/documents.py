"""A made-up incident, and texts that were written to do harm."""

from datetime import UTC, datetime, timedelta
from typing import Any

from csirt.reports.labels import Language
from csirt.reports.timeline import TimelineDocument, TimelineLine

OPENED = datetime(2026, 11, 22, 5, 5, 9, 123456, tzinfo=UTC)

HOSTILE = (
    '#read("/etc/passwd") #eval("1+1") $x$ *a* _b_ <c> @d \\u{41} // e /* f',
    "=1+1",
    '=HYPERLINK("http://evil.example","x")',
    "＝cmd|' /C calc'!A0",
    "  @SUM(1)",
    "\t=1",
    "-2+3",
    "{=1+1}",
    "mailto:a@evil.example",
    "🔥 burning 👨\u200d👩\u200d👧",
    "abc\u202egpj.exe \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "a\x00b\x01c\x1b[31md\x7fe\ufffff\ud800g\ue000h",
    "A" * 10_000,
    "、" * 3_000,
    "経過" * 5_000,
    "x\u0301" + "\u0301" * 5_000,
    "one\ntwo\r\nthree\rfour\u2028five\u0085six",
    "葛\U000e0100城市 辻\U000e0101 髙﨑𠮷 が か\u3099",
    "_x0041_ &amp; <b> ]]> &P &N %s {0} {count}",
    "",
    " \u3000\u00a0",
)


def line(seq: int = 0, **others: Any) -> TimelineLine:
    """One line of a timeline; `others` replace what it says."""
    said: dict[str, Any] = {
        "seq": seq,
        "at": OPENED + timedelta(minutes=7 * seq),
        "kind": "STEP_ANSWERED",
        "kind_text": "手順に回答した",
        "step": "is_it_ransomware",
        "step_text": "身代金要求型の攻撃か",
        "actor": "髙橋 花子（情報セキュリティ担当）",
        "text": f"共有フォルダの拡張子が変わっている。{seq}回目の確認。",
    }
    return TimelineLine(**{**said, **others})


def document(
    language: Language = "ja",
    lines: int | tuple[TimelineLine, ...] = 3,
    **others: Any,
) -> TimelineDocument:
    """A timeline of these lines, or of so many; `others` replace what it says."""
    said: dict[str, Any] = {
        "number_text": "令和8年度 第12号",
        "title": "税務課 共有フォルダの暗号化",
        "type_text": "ランサムウェア",
        "level_text": "レベル3（重大）",
        "status_text": "対応中",
        "clocks": (("発生", "調査中"), ("受付", "令和8年11月22日(日) 14時05分")),
        "lines": tuple(map(line, range(lines))) if isinstance(lines, int) else lines,
        "measures": (("管理者権限の棚卸し", "情報システム管理者", "令和9年3月31日(水)"),),
        "record_size": 12345,
        "record_root": "3f5a" * 16,
        "language": language,
        "made_at": OPENED + timedelta(days=1),
        "sample": False,
        "drill": False,
        "handling": "取扱注意",
    }
    return TimelineDocument(**{**said, **others})


def hostile() -> TimelineDocument:
    """Harm in every place where a text can stand."""
    lines = tuple(
        line(seq, kind=text, kind_text=text, step=text, step_text=text, actor=text, text=text)
        for seq, text in enumerate(text[:200] for text in HOSTILE)
    )
    long = tuple(line(seq, text=text) for seq, text in enumerate(HOSTILE, start=len(lines)))
    texts = "\n".join(text[:60] for text in HOSTILE)
    return document(
        number_text=texts,
        title=texts,
        type_text="=1+1",
        level_text="🔥",
        status_text="\u202e",
        clocks=tuple((text[:60], text[:200]) for text in HOSTILE),
        lines=lines + long,
        measures=tuple((text[:500], text[:60], text[:60]) for text in HOSTILE),
        record_root="=1+1",
        handling="&A\n🔥",
    )
