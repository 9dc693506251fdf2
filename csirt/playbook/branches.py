"""What goes side by side: branches of a playbook, each as far as it can go, whatever the others do."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from csirt.errors import Awaiting, CsirtError, LeaseLost

T = TypeVar("T")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def side_by_side(branches: Sequence[Callable[[], T]]) -> list[T]:
    """Results in the order of the branches, once all have ended.

    A branch that fails does not hold up the others; its error is raised once they have come to rest.
    """
    results: list[T] = []
    resting: list[str] = []
    failure: CsirtError | None = None
    for branch in branches:
        try:
            results.append(branch())
        except Awaiting as rest:
            resting += rest.steps
        except LeaseLost:
            raise
        except CsirtError as error:
            failure = failure or error
    if failure:
        raise failure
    if resting:
        raise Awaiting(*resting)
    return results


def names_of(branches: Sequence[Callable[..., object]]) -> Iterator[str]:
    """What the branches are called: as their functions; a number for one without a name, or behind a second one."""
    seen: Counter[str] = Counter()
    for number, branch in enumerate(branches, 1):
        name = getattr(branch, "__name__", "")
        name = name if _NAME.fullmatch(name) else str(number)
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"
