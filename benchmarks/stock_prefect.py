"""What Prefect alone does with the same story: a flow asks, leaves its process, is resumed, and goes on.

Not started by hand: `benchmarks/engine.py` measures itself beside it.

    python benchmarks/stock_prefect.py serve MARKS           the flow behind Prefect's own `serve()`
    python benchmarks/stock_prefect.py deploy MARKS POOL     the flow as a deployment for a process worker
"""

import sys
import time
from pathlib import Path

from prefect import Flow, flow, suspend_flow_run
from prefect.runtime import flow_run


def mark(marks: str, what: str) -> None:
    """Write down that this run came so far, and when."""
    with Path(marks).open("a") as file:
        file.write(f"{flow_run.id} {what} {time.monotonic()}\n")


@flow(persist_result=False)
def stock(marks: str) -> None:
    """One question: suspended until somebody resumes it."""
    mark(marks, "began")
    suspend_flow_run(timeout=3600, key="question")
    mark(marks, "went_on")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        stock.serve(name="stock", parameters={"marks": sys.argv[2]})
    else:
        here = Path(__file__)
        found = stock.from_source(source=str(here.parent), entrypoint=f"{here.name}:stock")
        assert isinstance(found, Flow)
        found.deploy(name="stock", work_pool_name=sys.argv[3], parameters={"marks": sys.argv[2]})
