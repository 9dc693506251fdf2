"""The command line. (Being written.)"""

import os
from pathlib import Path
from typing import Annotated

import typer

from csirt.cli import demo, serve

app = typer.Typer(no_args_is_help=True)
app.command()(demo.demo)
app.command()(serve.serve)


@app.command()
def worker(data: Annotated[Path, typer.Option()]) -> None:
    """Run one worker."""
    from csirt.bootstrap import wire
    from csirt.cli.children import prefect_client_environment
    from csirt.logs import configure
    from csirt.settings import Settings

    configure("worker")
    desk = wire(Settings(data=data), "worker")
    if desk.prefect_url():
        os.environ.update(prefect_client_environment(data, desk.prefect_url()))
    from csirt.worker import work

    work(desk)


def main() -> None:
    """Entry."""
    app()


if __name__ == "__main__":
    main()
