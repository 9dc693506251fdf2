"""`csirt database`: what the owner of a PostgreSQL database does, before the desk works in a lesser role."""

from typing import Annotated

import typer

from csirt.cli.opening import settings_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, say, show
from csirt.store.migrate import migrate
from csirt.store.roles import Part, grant

database = typer.Typer(no_args_is_help=True, help="Tables and roles of PostgreSQL. PostgreSQLの表と役割")
_COLUMNS = {"role": "cli.column.role", "part": "cli.column.for", "tables": "cli.column.tables"}


@database.callback()
def _group() -> None:
    """A group even while it holds one command."""


@database.command()
def roles(
    app: Annotated[str, typer.Option(help="The desk's own role. 業務の役割")] = "csirt_app",
    signer: Annotated[str, typer.Option(help="The signer's. 署名の役割")] = "csirt_signer",
    auditor: Annotated[str, typer.Option(help="The auditor's. 監査の役割")] = "csirt_auditor",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """As the owner: bring tables up to date, give each role what it may. 所有者として表を整え、役割に権限を与える"""
    url = settings_of(data).database
    names = {Part.APP: app, Part.SIGNER: signer, Part.AUDITOR: auditor}
    if not url.startswith("sqlite"):  # nothing is made where there are no roles
        migrate(url)
    given = grant(url, names)
    show([plain(one) for one in given], _COLUMNS, language, as_json=as_json)
    if not as_json:
        for one in given:
            if one.made:
                say(language, "cli.role_made", {"role": one.role})
