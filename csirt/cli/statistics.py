"""`csirt statistics`: the figures of a fiscal year."""

from typing import Annotated, Any

import typer

from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, show, to_json, words
from csirt.figures import Year, hours, year
from csirt.store.tx import Look


def statistics(
    fiscal_year: Annotated[int | None, typer.Option(help="As 2026; default: the present one. 年度")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """How many cases, how long each part took, which deadlines held. 年度ごとの統計（訓練を除く）"""

    def question(look: Look) -> Year:
        return year(look, desk, fiscal_year)

    with open_desk(data) as desk:
        found = desk.look(question)
    if as_json:
        typer.echo(to_json(_whole(found)))
        return
    speech = words(language)
    spans = [
        {**row, "span": speech.gettext(f"span.{row['span']}"), "formula": speech.gettext(f"span_formula.{row['span']}")}
        for row in _whole(found)["spans"]
    ]
    typer.echo(speech.say("cli.statistics", {"year": found.fiscal_year, "number": found.found.number,
                                             "open": found.found.open}))  # fmt: skip
    columns = {
        "span": "cli.statistics.span",
        "median_hours": "cli.statistics.median",
        "p90_hours": "cli.statistics.p90",
        "longest_hours": "cli.statistics.longest",
        "number": "cli.column.number",
        "formula": "cli.statistics.formula",
    }
    show(spans, columns, language, as_json=False)


def _whole(found: Year) -> dict[str, Any]:
    told = found.found
    return {
        "fiscal_year": found.fiscal_year,
        "number": told.number,
        "open": told.open,
        "false_alarms": told.false_alarms,
        "by_type": plain(told.by_type),
        "by_level": plain(told.by_level),
        "by_month": {f"{day:%Y-%m}": number for day, number in zip(found.months, told.by_month, strict=True)},
        "spans": [
            {"span": one.span.value, "number": one.number, "without": one.without, "median_hours": hours(one.middle),
             "p90_hours": hours(one.ninth), "longest_hours": hours(one.longest)}
            for one in told.spans
        ],
        "deadlines": {rule: {held.value: n for held, n in number.items()} for rule, number in told.deadlines.items()},
    }  # fmt: skip
