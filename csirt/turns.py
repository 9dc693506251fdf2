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


# A page makes tens of thousands of objects and drops them at its end. Python's own 700 look through them eighty times
# meanwhile. Measured for the board: 55 ms of work with 700, 44 ms with this, 37 ms without any collection.
OBJECTS = (20_000, 20, 20)


def collect_seldom() -> None:
    """For a process that makes pages: what refers to itself is still collected, after some pages and not within one."""
    gc.set_threshold(*OBJECTS)
