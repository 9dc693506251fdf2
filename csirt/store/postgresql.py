"""What makes PostgreSQL quick for many short reads: statements stay prepared, and no question is asked in vain.

Each way there and back costs as much as a small question itself, and a statement that is not prepared is planned anew.
"""

import select
from typing import Any

from psycopg import Connection
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

# Statements that one connection keeps prepared: pages, API and worker ask some hundreds; the driver's own 100 would
# push one out for the next.
PREPARED = 500


def quicken(engine: Engine) -> None:
    """Put the habits on an engine of psycopg, for all that use its connections."""
    dialect: Any = engine.dialect
    really_ping = dialect.do_ping
    dialect.do_rollback = end_quietly
    dialect.do_ping = lambda connection: is_quiet(connection) or really_ping(connection)
    event.listen(engine, "connect", _keep_many)


def _keep_many(connection: Connection, _record: object) -> None:
    connection.prepared_max = PREPARED


def end_quietly(connection: Connection) -> None:
    """End a transaction that is given up; one that only read by COMMIT, which comes to the same.

    After a ROLLBACK psycopg forgets every prepared statement, for one of them may have been of a table that is no more.
    Who reads makes no tables.
    """
    if connection.read_only and connection.pgconn.transaction_status == TransactionStatus.INTRANS:
        connection.commit()
    else:
        connection.rollback()


def is_quiet(connection: Connection) -> bool:
    """Did nothing come on an idle connection? A server that ends it says so first, or at least closes the line.

    Where a host was cut off nothing comes either: the first question finds out, as a ping would, by the time-outs.
    """
    if connection.closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    line = select.poll()  # not `select.select`, which knows no more than 1,024 files
    line.register(connection.fileno(), select.POLLIN | select.POLLRDHUP)
    return not line.poll(0)
