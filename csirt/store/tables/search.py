"""Rows of what can be searched for. The words lie in `search_index`, which each database has in its own way."""

from sqlmodel import Field

from csirt.store.columns import BigId, Row


class SearchDocRow(Row, table=True):
    """Something that can be found: `kind` is `incident`, `note` or `detection`, `ref` its id. `id` grows with time."""

    __tablename__ = "search_doc"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str
    ref: str = Field(index=True)
