"""Which tokens count just now, asked for many requests at once."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, or_, select, union_all
from sqlmodel import Session

from csirt.store.columns import table_of
from csirt.store.tables.access import TokenRow
from csirt.store.tables.sources import SourceTokenRow

_SENSOR, _SOURCE = table_of(TokenRow), table_of(SourceTokenRow)
_AMONG: BindParameter[Any] = bindparam("hashes", expanding=True)
_NOW: BindParameter[Any] = bindparam("now", type_=_SOURCE.c.expires_at.type)
_LIVE = union_all(
    select(_SENSOR.c.hash).where(_SENSOR.c.hash.in_(_AMONG), _SENSOR.c.revoked_at.is_(None)),
    select(_SOURCE.c.hash).where(
        _SOURCE.c.hash.in_(_AMONG),
        _SOURCE.c.wrapped.is_(None),  # one that signs is never sent
        _SOURCE.c.revoked_at.is_(None),
        or_(_SOURCE.c.expires_at.is_(None), _SOURCE.c.expires_at > _NOW),
    ),
)


def hash_of(token: str) -> str:
    """As a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def live_tokens(session: Session, hashes: Collection[str], now: datetime) -> set[str]:
    """Those of these hashes whose token is neither revoked nor over."""
    if not hashes:
        return set()
    return set(session.connection().execute(_LIVE, {"hashes": sorted(hashes), "now": now}).scalars())
