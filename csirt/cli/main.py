"""`csirt`: the console entry. Each command's module is imported when the command is called, not before.

The web framework, the database layer and the typesetter take more time to import than most commands take to run.
"""

import importlib
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from csirt.cli.importing import nothing_to_collect
from csirt.cli.speaking import refuse
from csirt.errors import CsirtError
from csirt.guard import mask

# command -> module and what it holds: a function, or a group of further commands
COMMANDS = {
    "demo": "csirt.cli.demo:demo",
    "init": "csirt.cli.city:init",
    "serve": "csirt.cli.serve:serve",
    "worker": "csirt.cli.city:worker",
    "signer": "csirt.cli.signers:signer",
    "checkpoint": "csirt.cli.anchors:checkpoint",
    "witness": "csirt.cli.witnesses:witness",
    "syslog": "csirt.cli.syslog:syslog",
    "read": "csirt.cli.reading:read",
    "formats": "csirt.cli.formats_known:known",
    "mappings": "csirt.cli.formats_known:mappings",
    "ingest": "csirt.cli.ingesting:ingest",
    "open": "csirt.cli.cases:open_incident",
    "incidents": "csirt.cli.cases:incidents",
    "incident": "csirt.cli.cases:incident",
    "timeline": "csirt.cli.timelines:timeline",
    "search": "csirt.cli.cases:search",
    "note": "csirt.cli.cases:note",
    "related": "csirt.cli.related:related_incidents",
    "merge": "csirt.cli.merging:merge",
    "unmerge": "csirt.cli.merging:unmerge",
    "facts": "csirt.cli.facts:facts",
    "state": "csirt.cli.facts:state",
    "duties": "csirt.cli.obligations:duties",
    "report": "csirt.cli.obligations:report",
    "waive": "csirt.cli.obligations:waive",
    "level": "csirt.cli.obligations:level",
    "levels": "csirt.cli.levels:levels",
    "retype": "csirt.cli.obligations:retype",
    "close": "csirt.cli.obligations:close",
    "reports": "csirt.cli.reports:reports",
    "announcements": "csirt.cli.announcements:announcements",
    "announce": "csirt.cli.announcements:announce",
    "measures": "csirt.cli.measures:measures",
    "measure": "csirt.cli.measures:measure",
    "review": "csirt.cli.measures:review",
    "statistics": "csirt.cli.statistics:statistics",
    "evidence": "csirt.cli.evidence:evidence",
    "assignments": "csirt.cli.duties:assignments",
    "answer": "csirt.cli.duties:answer",
    "assignment": "csirt.cli.holding:assignment",
    "skip": "csirt.cli.setting_aside:skip",
    "cancel": "csirt.cli.setting_aside:cancel",
    "acknowledge": "csirt.cli.duties:acknowledge",
    "health": "csirt.cli.health:health",
    "verify": "csirt.cli.auditing:verify",
    "record": "csirt.cli.record:record",
    "export": "csirt.cli.auditing:export",
    "erase": "csirt.cli.erasing:erase",
    "bundle": "csirt.cli.leaflet:bundle",
    "backup": "csirt.cli.backups:backup",
    "restore": "csirt.cli.backups:restore",
    "move": "csirt.cli.backups:move",
    "database": "csirt.cli.database:database",
    "seals": "csirt.cli.seals:seals",
    "absence": "csirt.cli.absences:absences",
    "handover": "csirt.cli.handovers:handovers",
    "shift": "csirt.cli.shifts:shifts",
    "chains": "csirt.cli.chains:chains",
    "playbooks": "csirt.cli.playbooks:playbooks",
    "systems": "csirt.cli.systems:systems",
    "token": "csirt.cli.city:token",
    "tokens": "csirt.cli.tokens:tokens",
    "directory": "csirt.cli.directory:directory",
    "authority": "csirt.cli.authority:authority",
    "access": "csirt.cli.access:access",
    "sealed-account": "csirt.cli.access:sealed_account",
    "quarantine": "csirt.cli.quarantine:quarantine",
    "sources": "csirt.cli.sources:sources",
    "detections": "csirt.cli.ignoring:detections",
    "ignore": "csirt.cli.ignoring:ignore",
    "assets": "csirt.cli.assets:assets",
}


class Commands(TyperGroup):
    """All commands, imported one by one; an error of ours becomes a sentence and its family's exit code."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Their names, in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """One command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            module, _, name = COMMANDS[cmd_name].partition(":")
            with nothing_to_collect():
                held = getattr(importlib.import_module(module), name)
            self.add_command(_made(held, cmd_name), cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """As usual; a name that is not known gets help that names what there is."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"{mask(args[0])}: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command."""
        try:
            return super().invoke(ctx)
        except CsirtError as error:
            refuse(ctx, error)
            raise typer.Exit(error.exit_code) from None


def _made(held: Any, name: str) -> Any:
    """A function, or a group of them, as a command."""
    if isinstance(held, typer.Typer):
        group = get_command(held)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(held)
    return get_command(alone)


app = typer.Typer(cls=Commands, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def csirt() -> None:
    """CSIRT desk of a city. 自治体CSIRTの対応を進め、記録します"""


def main() -> None:
    """The console entry."""
    os.umask(0o077)  # whatever we write is the city's alone
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show must not end a command
    app()


if __name__ == "__main__":
    main()
