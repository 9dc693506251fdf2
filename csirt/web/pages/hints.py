"""Open incidents that what waits may belong to, as pages link them."""

from collections.abc import Collection, Mapping, Sequence

from csirt.store.queries import cases
from csirt.store.queries.candidates import Candidate, candidates_waiting
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.views.frame import Hint


def hints_waiting(look: Look, words: Words, groups: Sequence[Collection[int]]) -> Mapping[int, tuple[Hint, ...]]:
    """Those of groups of waiting detections, by their place."""
    return _hints(look, words, candidates_waiting(look, groups))


def _hints(look: Look, words: Words, found: Mapping[int, Sequence[Candidate]]) -> dict[int, tuple[Hint, ...]]:
    known = cases.numbers(look, sorted({one.incident for some in found.values() for one in some}))
    return {
        place: tuple(
            Hint(
                value=one.incident,
                label=words.number(*known[one.incident][:2], drill=known[one.incident][2]),
                why=words.candidate(one),
            )
            for one in some
            if one.incident in known
        )
        for place, some in found.items()
    }
