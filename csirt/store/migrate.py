"""Brings the database's tables up to date."""

from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from csirt.errors import Unavailable
from csirt.store.database import engine_for

FOLDER = Path(__file__).parent / "migrations"
_NOT_ALLOWED = "42501"  # insufficient_privilege


def newest() -> str:
    """The revision that this product needs: its migrations are files named by number."""
    return max(path.name.split("_", 1)[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def migrate(url: str, to: str = "") -> None:
    """Run what is missing, up to the newest revision or to `to`; nothing when the tables are up to date.

    Raises:
        Unavailable: the database does not answer; `owner_needed`: its tables are older, and another role owns them.
    """
    engine = engine_for(url)
    try:
        with engine.connect():
            pass
        if _current(engine) == (to or newest()):
            return
        from alembic import command  # lazy: a third of a second that a command on finished tables need not spend
        from alembic.config import Config  # lazy: the same

        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["url"] = url
        command.upgrade(config, to or "head")
    except OperationalError as error:
        raise Unavailable("database_unavailable") from error
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_ALLOWED:
            raise
        raise Unavailable("owner_needed", permanent=True) from error
    finally:
        engine.dispose()


def _current(engine: Engine) -> str | None:
    """The revision of these tables; None where there are none yet."""
    try:
        with engine.connect() as connection:
            row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    except DBAPIError:
        return None
    return str(row[0]) if row else None
