"""Tables and progress bars on the terminal. Tables line up with full-width signs, too."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Told = Callable[[int, int], object]
"""Is told how much of how much is done."""

UNBOUNDED = 200  # columns that a table may take where nobody sees it fold: in a file or a pipe


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], nothing: str) -> None:
    """A table on standard output, or a word where there are no rows. Cells are data: no markup in them counts.

    Columns in which nothing stands are left out.
    """
    rows = list(rows)
    filled = [place for place in range(len(headings)) if any(row[place] for row in rows)]
    table = Table(*(headings[place] for place in filled), box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*(Text(row[place]) for place in filled))
    console = Console(width=None if sys.stdout.isatty() else UNBOUNDED, highlight=False)
    console.print(table if rows else nothing)


@contextmanager
def progress(title: str) -> Iterator[Told]:
    """A bar on standard error while something takes long; call what is given with how much of how much is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=max(total, done))
