"""An input is read as a source would read it, and what would become of it is told. Nothing is kept."""

from dataclasses import dataclass
from itertools import islice

from csirt.bootstrap import Desk
from csirt.errors import NotFound
from csirt.model.authority import Permission, may, must
from csirt.model.people import SYSTEM, Actor
from csirt.model.source import Source, Way
from csirt.readers import formats
from csirt.response import intake, sources, trials
from csirt.response.trials import Fate, Tried
from csirt.taking import reader_for


@dataclass(frozen=True, slots=True)
class Trial:
    """How an input was read, and what would become of each record.

    `tokens`: how many the source may use now; `let_in`: its own sender would be let in; `left`: records beyond what one
    trial looks at; `too_many`: more at once than the source may send in a minute.
    """

    source: Source
    format: str
    tokens: int
    let_in: bool
    too_many: bool
    tried: tuple[Tried, ...]
    left: int

    def counted(self) -> dict[str, int]:
        """How many records have which fate."""
        return {fate.value: sum(one.fate is fate for one in self.tried) for fate in Fate}


def try_input(desk: Desk, actor: Actor, name: str, data: bytes) -> Trial:
    """Read an input as this source would. `actor`: who asks, and is told of no incident that is hidden from them.

    Raises:
        Forbidden: this actor may not.
        NotFound: `source_unknown`, or `file_missing`: its mapping is not there.
        Invalid: `format_unknown`, or its mapping is written wrongly.
    """
    must(actor, Permission.TRY_SOURCE)
    source = desk.door.city.sources.get(name)
    if source is None:
        raise NotFound("source_unknown", name=name[:40])
    reader = reader_for(desk, source, data[: formats.HEAD_BYTES])
    records = iter(reader.read(data))
    taken = list(islice(records, intake.BATCH_LIMIT))
    left = sum(1 for _ in records)
    tokens = desk.look(lambda look: len(sources.live_tokens(look.session, name, desk.clock.now())))
    sender = sources.actor_for(source)
    tried = desk.door.imagine(SYSTEM, trials.try_records, taken, source, reader.format, actor)
    return Trial(
        source=source,
        format=reader.format,
        tokens=tokens,
        let_in=may(sender, Permission.INGEST) and (source.way is not Way.WEB or tokens > 0),
        too_many=len(taken) + left > source.per_minute,
        tried=tuple(tried),
        left=left,
    )
