"""Sample pages of one contact chain."""

from dataclasses import replace
from datetime import date, timedelta

from markupsafe import Markup

from csirt.model.rehearsal import Reached, Rehearsed
from csirt.reports.rehearsal_svg import draw_rehearsal
from csirt.texts.catalogs import catalog
from csirt.web.pages.ladders import picture_of
from csirt.web.views import chains, frame, handovers
from tests.web.cast import MINUTE, NOW, Words
from tests.web.duties import some_chains

HOUR = timedelta(hours=1)


def a_rehearsal(say: Words) -> chains.Rehearsal:
    """One in which not everybody is reached."""
    found = Rehearsed(
        chain="municipal", at=NOW, runs=1000, seed=1, goal="office:mic-cyber", within=60, probability=0.873,
        nobody=0.002, last_resort=0.11,
        reached=(
            Reached("post:poc", 0, 0.93, 6.2, 21.0, 88.4), Reached("office:mic-cyber", 0, 0.874, 9.5, 58.1, 240.7),
            Reached("post:mayor", 45, 0.0),
        ),
    )  # fmt: skip
    names = {
        "post:poc": say("統一的な窓口", "Contact point"), "post:mayor": say("市長", "Mayor"),
        "office:mic-cyber": say("総務省 サイバーセキュリティ対策室", "Ministry, cyber security office"),
    }  # fmt: skip
    words = catalog(say("ja", "en"))
    title = say("庁内の情報セキュリティインシデントの連絡体制", "Contact chain inside the city hall")
    return chains.Rehearsal(
        said=(
            say("総務省に60分以内に伝わる確率：87.3%", "Probability that the ministry knows within 60 minutes: 87.3%"),
            say("誰も応答しない：0.2%", "Nobody answers: 0.2%"),
        ),
        picture=Markup(draw_rehearsal(found, words, names.__getitem__, title)),  # noqa: S704 - our own drawing
        rows=(
            chains.ReachedRow(
                who=names["post:poc"], first_call="0.0", share="93.0%", median="6.2", late="21.0", worst="88.4"
            ),
            chains.ReachedRow(who=names["post:mayor"], first_call="45.0", share="0.0%", median="", late="", worst=""),
        ),
        worst=(say("電話 が使えない場合：0.0%", "If Phone is down: 0.0%"),),
    )


def a_pattern(say: Words, *, away: bool = False) -> chains.Pattern:
    """Calls by day; with somebody whom nobody can call."""
    title = say("庁内の連絡", "Inside the city hall")
    rows = (
        chains.PlannedRow(
            route=title, tier=1, after=timedelta(), who=say("統一的な窓口", "Contact point"),
            people=(say("撫養 花子", "Hanako Muya"),), channels=("mail", "phone"), skipped="",
        ),
        chains.PlannedRow(
            route=title, tier=2, after=10 * MINUTE, who=say("CSIRT責任者", "CSIRT head"), people=(), channels=(),
            skipped="everyone_away" if away else "no_holder",
        ),
    )  # fmt: skip
    return chains.Pattern(periods=((NOW, NOW + 12 * HOUR), (NOW + 24 * HOUR, NOW + 48 * HOUR)), rows=rows)


def a_chain_page(say: Words) -> chains.ChainPage:
    """A chain with weak spots, rehearsed."""
    parties = (
        frame.Option(value="post:poc", label=say("統一的な窓口", "Contact point")),
        frame.Option(value="post:mayor", label=say("市長", "Mayor")),
    )
    return chains.ChainPage(
        chain=_drawn(some_chains(say).chains[0], say),
        office_open=False,
        weak=(
            chains.WeakRow(
                route=say("庁内の連絡", "Inside the city hall"), tier="2", who=say("CSIRT責任者", "CSIRT head"),
                code="no_holder", grave=True,
            ),
            chains.WeakRow(
                route="", tier=say("最後の連絡先", "Last resort"), who=say("徳島県", "Tokushima prefecture"),
                code="contact_data_old", grave=False,
            ),
        ),
        patterns=(a_pattern(say), a_pattern(say, away=True)),
        rates=say("仮定値（訓練・実績の数値に置き換えること）", "assumed"),
        parties=parties,
        channels=("mail", "phone"),
        goals=parties,
        spans=(frame.Option(value="60", label=say("1時間", "1 hour")),),
        runs=(frame.Option(value="1000", label="1,000"),),
        form=frame.Form(typed={"within": "60", "runs": "1000", "goal": "post:poc"}),
        silent=("post:mayor",),
        rehearsal=a_rehearsal(say),
        offices=(
            chains.OfficeRow(
                id="pref", name=say("徳島県", "Tokushima prefecture"), confirmed=date(2025, 4, 10),
                points=(
                    chains.Point(channel="lgwan-mail", address="security@pref.lgwan.example"),
                    chains.Point(channel="phone", address="000-0000-0101"),
                ),
            ),
        ),
        may_confirm=True,
    )  # fmt: skip


def a_wrong_chain_page(say: Words) -> chains.ChainPage:
    """The same, asked for what cannot be."""
    form = frame.Form(errors={"at": "time_malformed", "runs": "choice_missing"})
    made = a_chain_page(say)
    return chains.ChainPage(
        chain=made.chain, office_open=True, weak=(), patterns=made.patterns[:1], rates=made.rates,
        parties=made.parties, channels=made.channels, goals=made.goals, spans=made.spans, runs=made.runs, form=form,
    )  # fmt: skip


def a_chain_page_without_rates(say: Words) -> chains.ChainPage:
    """Nothing is weak, and nothing can be rehearsed."""
    made = a_wrong_chain_page(say)
    return chains.ChainPage(
        chain=made.chain, office_open=True, weak=(), patterns=made.patterns, rates="", parties=(), channels=(),
        goals=(), spans=(), runs=(),
    )  # fmt: skip


def some_handovers(say: Words) -> handovers.Handovers:
    """One to come, and one that the directory does not know yet, for whoever keeps the contacts."""
    poc, head = say("統一的な窓口", "Contact point"), say("CSIRT責任者", "CSIRT head")
    sato, tanaka = say("佐藤 和也（係長）", "SATO Kazuya"), say("田中 陽子（主事）", "TANAKA Yoko")
    begun = handovers.HandoverRow(
        id="h-1", on=date(2026, 11, 1), post=poc, holder=tanaka, deputies=None, by=sato, begun=True
    )
    return handovers.Handovers(
        rows=(
            begun,
            handovers.HandoverRow(
                id="h-2", on=date(2027, 4, 1), post=head, holder=sato, deputies=(tanaka, sato), by=sato
            ),
        ),
        may_keep=True,
        posts=(frame.Option(value="poc", label=poc), frame.Option(value="csirt-head", label=head)),
        people=(frame.Option(value="p-1", label=sato), frame.Option(value="p-2", label=tanaka)),
        form=frame.Form(typed={"keep": "keep"}),
    )


def a_wrong_handover(say: Words) -> handovers.Handovers:
    """The form came back."""
    errors = {"post": "choice_missing", "on": "handover_day", "deputy1": "choice_missing"}
    return replace(some_handovers(say), form=frame.Form(errors=errors, typed={"keep": "named", "holder": "p-1"}))


def _drawn(chain: chains.Chain, say: Words) -> chains.Chain:
    return replace(chain, picture=picture_of(chain, catalog(say("ja", "en"))))
