"""Sample views of the page on which personal data is erased."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from csirt.model.erasure import ErasureBasis, ErasureState
from csirt.record.entry import EntryKind
from csirt.texts.catalogs import catalog
from csirt.web.look import View
from csirt.web.views import erasures, frame
from tests.web.cast import Words, a_frame

_AT = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)


def some_texts(say: Words) -> tuple[erasures.TextRow, ...]:
    """A note with a name in it, and an answer that is still needed."""
    note = erasures.TextRow(
        c="abc", seq=41, at=_AT, kind=EntryKind.NOTE_ADDED, by=say("佐藤 和也（係長）", "SATO Kazuya"),
        field="text", text=say("被害者は鳴門 太郎さん（税務課の窓口で確認）。", "The victim is Naruto Taro."),
    )  # fmt: skip
    return note, replace(note, c="def", seq=44, kind=EntryKind.STEP_ANSWERED, field="value", needed=True)


def an_erasure_page(say: Words, language: str) -> erasures.ErasurePage:
    """One that waits for this reader, one of the reader's own, one that was carried out, one that was rejected."""
    words = catalog(language).gettext
    waits = erasures.ErasureRow(
        id="x-1", state=ErasureState.PROPOSED, basis=ErasureBasis.PERSON_ASKED, reason=say("本人の請求", "Asked"),
        whole=False, number=1, pieces=1, texts=some_texts(say)[:1], by=say("加藤 玲子", "KATO Reiko"), at=_AT,
        may_decide=True,
    )  # fmt: skip
    done = replace(
        waits, id="x-3", state=ErasureState.DONE, whole=True, texts=(), may_decide=False, reason="",
        decided_by=say("小林 明（副市長）", "KOBAYASHI Akira"), decided_at=_AT,
    )  # fmt: skip
    mine = replace(waits, id="x-2", basis=ErasureBasis.WRONGLY_RECORDED, may_decide=False, mine=True)
    rejected = replace(done, id="x-4", state=ErasureState.REJECTED, basis=ErasureBasis.OTHER, reason="–", whole=False)
    return erasures.ErasurePage(
        incident_id="i-1", incident=say("令和8年度 第12号", "FY2026 No. 12"), title=say("誤送信", "Sent to all"),
        drill=False, may_propose=True, texts=some_texts(say), erasures=(waits, mine, done, rejected),
        pieces=(erasures.PieceRow(id="v-1", name="screen.jpg", size=1_234_567, at=_AT),),
        bases=tuple(frame.Option(value=one.value, label=words(f"erasure_basis.{one}")) for one in ErasureBasis),
    )  # fmt: skip


def erasure_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Name, frame and view: as it is, empty, and with a faulty form."""
    say = Words(language)
    page, around = an_erasure_page(say, language), a_frame(language, "incident")
    wrong = frame.Form(
        errors={"texts": "erasure_empty", "basis": "choice_missing", "reason": "reason_missing"}, key="k-1"
    )
    yield "erasures", around, page
    yield "erasures_empty", around, replace(page, texts=(), pieces=(), erasures=())
    yield "erasures_wrong", around, replace(page, erasures=(), form=wrong, chosen=frozenset({"abc"}))
