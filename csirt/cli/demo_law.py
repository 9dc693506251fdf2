"""The law in the main job: what people state as facts, which reports meet the duties, and what is printed of them."""

from typing import TYPE_CHECKING, Any

from rich.table import Table

from csirt.clock import JST
from csirt.store.queries import duties
from csirt.texts.catalogs import catalog
from csirt.texts.duties import DutyWords

if TYPE_CHECKING:
    from csirt.cli.demo import Play


def before_answering(play: "Play", incident: str, step: str) -> None:
    """What people state and report while this step waits. Played again after a cut, it does nothing twice."""
    for said in play.script.get("stated", []):
        if said["step"] == step:
            body = {"facts": said["facts"]}
            play.cast.post(said["as"], f"/incidents/{incident}/facts", body, key=f"main-job-facts-{step}-{incident}")
    for told in play.script.get("report", []):
        if told["step"] == step:
            _report(play, incident, told)


def _report(play: "Play", incident: str, told: dict[str, Any]) -> None:
    """One person tells the addressee of a duty that stands open, and records it."""
    for duty in play.cast.get(told["as"], f"/incidents/{incident}/duties"):
        if duty["rule"] != told["duty"] or duty["state"] != "open":
            continue
        body = {"channel": told["channel"], "at": play.desk.clock.now().isoformat(), "receipt": told.get("receipt", "")}
        play.cast.post(told["as"], f"/duties/{duty['id']}/reports", body, key=f"main-job-report-{duty['id']}")
        until = duty["last_day"] or "速やかに"
        play.say(
            f"{duty['label']}（期限 {until}）→ {told['as']}: {' / '.join(duty['reasons'])}",
            f"{duty['rule']} was reported by {told['as']}; due {duty['last_day'] or 'without delay'}.",
        )


def print_duties(play: "Play", incident: str) -> None:
    """Whom the city had to tell, by when, and how that ended."""
    words = catalog("ja")
    speak = DutyWords(play.desk.door.city.law, words)
    table = Table(title="報告等の義務と期限")
    for heading in ("義務", "期限", "状態", "報告", "理由"):
        table.add_column(heading, overflow="fold")
    for one in play.desk.look(duties.duties, incident):
        sent = "\n".join(
            f"{report.sent_at.astimezone(JST):%m-%d %H:%M} {words.gettext(f'report_channel.{report.channel}')}"
            for report in one.reports
        )
        limit = one.last_day.isoformat() if one.last_day else words.gettext("duties.promptly")
        state = words.gettext(f"duty_state.{one.state.value}")
        table.add_row(speak.label(one.rule), limit, state, sent, " / ".join(speak.reasons(one.reasons)))
    play.out.print(table)
