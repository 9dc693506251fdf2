"""Brings the database's tables up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from csirt.errors import Unavailable
from csirt.store.database import engine_for

_FOLDER = Path(__file__).parent / "migrations"


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Run what is missing; nothing when the tables are up to date.

    Raises:
        Unavailable: the database does not answer.
    """
    config = _config(url)
    try:
        engine = engine_for(url)
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        engine.dispose()
        if current != ScriptDirectory.from_config(config).get_current_head():
            command.upgrade(config, "head")
    except OperationalError as error:
        raise Unavailable("database_unavailable") from error
