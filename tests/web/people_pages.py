"""Sample pages about people: who may read a sealed incident, break-glass."""

from collections.abc import Iterator
from dataclasses import replace

from csirt import founding
from csirt.model.deciding import deciders_from
from csirt.model.incident import Level
from csirt.texts.authority import tell
from csirt.texts.catalogs import catalog
from csirt.web.look import View
from csirt.web.pages.authority import RULES
from csirt.web.views import absences, authority, frame, sealing, shifts, tokens
from tests.web.cases import a_closed_incident
from tests.web.cast import MINUTE, NOW, Words, a_frame


def people_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Each page, also empty and faulty."""
    say = Words(language)
    wrong = frame.Form(errors={"reason": "reason_missing", "incident": "field_missing"})
    named = (say("渡辺 誠一", "Seiichi Watanabe"), say("小林 秋子", "Akiko Kobayashi"))
    yield "incident_closed", a_frame(language), replace(a_closed_incident(say), readers=named)
    yield "seal", a_frame(language), a_seal(say)
    yield "seal_none", a_frame(language), replace(a_seal(say), sealed=False, readers=(), openings=(), missing=())
    yield "seal_not_mine", a_frame(language), replace(a_seal(say), sealed=False, may=False)
    yield "absences", a_frame(language, "chains"), some_absences(say)
    yield "absences_empty", a_frame(language, "chains"), absences.Absences(rows=())
    yield "shift_sheet", a_frame(language, "board"), a_shift_sheet(say)
    yield "shift_sheet_empty", a_frame(language, "board"), shifts.ShiftSheet(cases=(), notes=())
    yield "glass", a_frame(language), sealing.Glass()
    yield "tokens", a_frame(language), some_tokens(say)
    yield (
        "tokens_made",
        a_frame(language),
        replace(some_tokens(say), secret="csa_statistics_" + "0f" * 32 + "_00000000"),
    )
    yield "tokens_empty", a_frame(language), replace(some_tokens(say), rows=(), form=WRONG_TOKEN)
    yield "authority", a_frame(language), an_authority(language)
    yield "glass_wrong", a_frame(language), sealing.Glass(form=wrong)


WRONG_TOKEN = frame.Form(
    typed={"name": "X", "days": "0"},
    errors={"name": "token_name_malformed", "days": "expiry_invalid", "scopes": "scopes_missing"},
)


def some_tokens(say: Words) -> tokens.Tokens:
    """One that counts, one that ended, one that was revoked."""
    row = tokens.TokenRow(
        id="t-7k2m9x4q1v8z", name="statistics", scopes=("read", "health"), addresses=("192.0.2.0/24",),
        created_by=say("佐々木 修", "Osamu Sasaki"), created_at=NOW - 90 * MINUTE, expires_at=NOW + 90 * MINUTE,
    )  # fmt: skip
    ended = replace(row, name="old", addresses=(), expires_at=NOW - MINUTE, live=False)
    return tokens.Tokens(rows=(row, ended, replace(ended, revoked=True)), scopes=("intake", "read", "health"))


def an_authority(language: str) -> authority.Authority:
    """Both tables as they are, for an officer."""
    book, words = deciders_from(founding.read_toml(founding.LAW / "deciders.toml"), "deciders.toml"), catalog(language)
    return authority.Authority(
        permissions=tuple(authority.PermissionRow(told=one, mine="officer" in one.roles) for one in tell(words)),
        decisions=tuple(
            authority.DecisionRow(
                what=one.label(language), decider=one.decider(language), basis=one.basis, uncertain=one.uncertain,
                here=words.gettext(f"permission.{one.permission}") if one.permission else "",
            )
            for one in book.decisions
        ),
        source=book.source,
        rules=RULES,
    )  # fmt: skip


def a_seal(say: Words) -> sealing.Seal:
    """A sealed incident with two readers, opened once by break-glass."""
    head, ciso = say("渡辺 誠一", "Seiichi Watanabe"), say("小林 秋子", "Akiko Kobayashi")
    return sealing.Seal(
        incident_id="i-1",
        incident=say("令和8年度 第14号", "FY2026 No. 14"),
        title=say("住民情報の持ち出しの疑い", "Suspected taking of residents' data"),
        sealed=True,
        sealed_by=head,
        sealed_at=NOW - 90 * MINUTE,
        readers=(
            sealing.SealReader(person="p-1", name=head, named_by=head, named_at=NOW - 90 * MINUTE),
            sealing.SealReader(person="p-2", name=ciso, named_by=head, named_at=NOW - 80 * MINUTE),
        ),
        openings=(
            sealing.Opening(
                name=say("中村 豊", "Yutaka Nakamura"),
                at=NOW - 30 * MINUTE,
                until=NOW + 30 * MINUTE,
                reason=say("指定された二人に連絡が取れないため", "Neither reader could be reached"),
            ),
        ),
        people=(frame.Option(value="p-3", label=say("加藤 理恵 総務課長", "Rie Kato, general affairs")),),
        may=True,
        missing=(say("インシデントハンドラー", "Responder"),),
        form=frame.Form(key="k"),
    )


def some_absences(say: Words) -> absences.Absences:
    """One under way, and what the one that is being entered would change."""
    line = absences.AbsenceLine(
        id="w-1",
        name=say("中村 豊 総務部長", "Yutaka Nakamura"),
        begins=NOW - 60 * MINUTE,
        until=NOW + 600 * MINUTE,
        under_way=True,
        may_end=True,
    )
    row = absences.StandInRow(
        post=say("最高情報セキュリティ責任者", "CISO"),
        is_holder=True,
        acting=say("渡辺 誠一", "Seiichi Watanabe"),
        changes=True,
        chains=(say("庁内の連絡体制", "Inside the city"),),
    )
    return absences.Absences(
        rows=(replace(line, stand_ins=(row,)),),
        may_enter=True,
        mine=(
            absences.OrderRow(
                post=say("最高情報セキュリティ責任者", "CISO"),
                people=(say("小林 秋子", "Akiko Kobayashi"), say("渡辺 誠一", "Seiichi Watanabe")),
            ),
        ),
        people=(frame.Option(value="p-3", label=say("加藤 理恵 総務課長", "Rie Kato")),),
        form=frame.Form(typed={"from": "2026-11-23T09:00", "until": "2026-11-24T09:00"}, key="k"),
        shown=True,
        whose=say("小林 秋子", "Akiko Kobayashi"),
        stand_ins=(row, replace(row, post=say("統括", "Director"), is_holder=False, acting="", chains=())),
    )


def a_shift_sheet(say: Words) -> shifts.ShiftSheet:
    """One open incident with what waits, and a note of the last shift."""
    return shifts.ShiftSheet(
        notes=(
            shifts.ShiftNote(
                id="s-1",
                text=say("業者の折り返し待ち。\n来たら鈴木さんへ。", "The vendor will call back."),
                by=say("佐藤 健一 主査", "Kenichi Sato"),
                at=NOW - 90 * MINUTE,
                incident=say("令和8年度 第12号", "FY2026 No. 12"),
                href="/incidents/i-1",
                may_see=True,
            ),
        ),
        cases=(
            shifts.OpenCase(
                href="/incidents/i-1",
                number=say("令和8年度 第12号", "FY2026 No. 12"),
                title=say("税務課の端末で脅迫文の画面が表示された", "Ransom note on a computer of the tax section"),
                level=Level(3),
                proposed_level=Level(3),
                waiting=(
                    shifts.WaitingLine(
                        title=say("端末の隔離", "Isolate the computer"),
                        who=say("情報システム管理者", "System manager"),
                        taken_by=say("高橋 美咲", "Misaki Takahashi"),
                        due=NOW + 20 * MINUTE,
                    ),
                ),
                duties=(
                    shifts.DutyLine(label=say("県への第1報", "First report to the prefecture"), due=NOW + 90 * MINUTE),
                ),
            ),
        ),
        may_leave=True,
        form=frame.Form(key="k"),
    )
