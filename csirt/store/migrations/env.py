"""Alembic's entry: one transaction for all migrations."""

from alembic import context
from sqlmodel import SQLModel

from csirt.store.database import engine_for
from csirt.store.tables import (
    absences,
    access,
    announcements,
    cases,
    contacts,
    duties,
    erasures,
    evidence,
    facts,
    intake,
    outbox,
    record,
    reports,
    runs,
    sorting,
    workings,
)

TABLES = (
    absences,
    access,
    announcements,
    cases,
    contacts,
    duties,
    erasures,
    evidence,
    facts,
    intake,
    outbox,
    record,
    reports,
    runs,
    sorting,
    workings,
)

engine = engine_for(context.config.attributes["url"])
try:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
finally:
    engine.dispose()
