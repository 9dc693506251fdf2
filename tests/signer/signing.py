"""A signer beside a small working city, and somebody who writes to its database past everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import create_engine, text

from csirt.checkpoints import Checkpoints, checkpoints_of
from csirt.record.verify_record import Checkpoint
from csirt.signer import Signer, reading_engine
from tests.world import World

ORIGIN = "city-362026.csirt/record"


@dataclass
class Seal:
    """The signer of a world, started anew whenever a test says so."""

    world: World

    @property
    def published(self) -> Checkpoints:
        return checkpoints_of(self.world.desk.settings)

    @contextmanager
    def signer(self) -> Iterator[Signer]:
        settings = self.world.desk.settings
        one = Signer(settings.signer, self.published, reading_engine(settings.database), self.world.clock, ORIGIN)
        try:
            yield one
        finally:
            one.close()

    def sign(self, *, full: bool = False) -> Checkpoint | None:
        """One round of a signer that has just started."""
        with self.signer() as one:
            return one.round(full=full)

    def refusal(self) -> tuple[str, int | None]:
        status = self.published.status()
        assert status is not None
        return status.code, status.seq

    def differs(self) -> tuple[str, ...]:
        status = self.published.status()
        assert status is not None
        return status.differs

    def intrude(self, *statements: str, **values: object) -> None:
        """Write to the database as its owner, with the guards of the record taken away."""
        self.world.notes["intruded"] = True
        engine = create_engine(self.world.desk.settings.database)
        sqlite = engine.dialect.name == "sqlite"
        with engine.begin() as connection:
            if sqlite:
                for name in ("ledger_no_update", "ledger_no_delete", "ledger_dense"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            else:
                connection.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
            for statement in statements:
                connection.execute(text(statement), values)
        engine.dispose()
