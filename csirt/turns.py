"""How threads of one process take turns, and when its rubbish is collected."""

import gc
import sys

# Seconds that a thread keeps the interpreter while others want it. A thread that writes lets go of it in every
# statement; by Python's own 5 ms it would wait longer for its turns than for the disk. Measured with 32 clients that
# send one detection each time: 5 ms 709/s, 2 ms 863/s, 0.5 ms 1,187/s, 0.05 ms 1,044/s.
TURN = 0.0005


def take_short_turns() -> None:
    """For a process whose threads wait for the database and for each other: the web page, the worker."""
    sys.setswitchinterval(TURN)


# A page makes tens of thousands of objects and drops them at its end; by Python's own 700 they are looked through some
# eighty times meanwhile. Measured in turns, 48 pages each, p50 and p95 of the work: the board 43 and 55 ms with 700, 41
# and 49 ms with this; a case of 10,000 entries 66 ms with 700, 62 ms with this.
OBJECTS = (20_000, 20, 20)


def collect_seldom() -> None:
    """For a process that makes pages: what refers to itself is still collected, after some pages and not within one."""
    gc.set_threshold(*OBJECTS)
