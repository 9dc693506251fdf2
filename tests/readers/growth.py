"""Does the time that something takes grow with the length of its input, and not with its square?"""

import time
from collections.abc import Callable


def in_proportion(
    work: Callable[[int], object], short: int, long: int, *, tries: int = 2, least: float = 0.005
) -> bool:
    """True if a long input takes at most four times what its length explains; in quadratic time it would be far more.

    `work` reads an input of so many pieces. The best of some tries counts, in seconds of this process's own CPU;
    shorter times than `least` say nothing.
    """

    def taken(pieces: int) -> float:
        began = time.process_time()
        work(pieces)
        return time.process_time() - began

    little, much = (min(taken(pieces) for _ in range(tries)) for pieces in (short, long))
    return much < 4 * long / short * max(little, least)
