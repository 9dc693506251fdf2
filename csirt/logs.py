"""structlog set-up: one JSON line an event, Elastic Common Schema names where one exists, nothing secret in it."""

import json
import logging
import logging.handlers
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from csirt.guard import mask

_RENAMED = {"event": "event.action", "level": "log.level", "timestamp": "@timestamp", "logger": "log.logger"}


def _mask_texts(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: mask(value) if isinstance(value, str) else value for name, value in event.items()}


def _ecs_names(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in event.items()}


def configure(process: str, stream: Any = None) -> None:
    """Send our own log and that of every library to standard error, as JSON lines with masked texts.

    `process` names who writes: `web`, `worker`, `cli`, `prefect`.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _mask_texts,
                lambda _l, _m, event: {**event, "service.name": "csirt", "process.name": process},
                _ecs_names,
                structlog.processors.JSONRenderer(ensure_ascii=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("csirt").setLevel(logging.INFO)


def log(name: str = "csirt") -> structlog.stdlib.BoundLogger:
    """A logger; events are dotted: `log().info("worker.started", lease=…)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class _Syslog(logging.handlers.SysLogHandler):
    """Says when a line was not taken; the standard handler prints a note and loses the line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - named by the library
        """Raise what went wrong."""
        raise  # noqa: PLE0704 - the library calls it in its own `except`


class RecordLines:
    """Where the lines of the record go: a file, standard output, or the machine's syslog; one JSON line an entry."""

    def __init__(self, target: str, path: Path) -> None:
        """`target` is `file`, `stdout` or `syslog`; `path` is the file."""
        self._target = target
        self._path = path
        self._syslog: logging.handlers.SysLogHandler | None = None
        self._render = structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=True)

    def last_seq(self) -> int:
        """The last entry that the file already holds, or -1: so that a crash repeats no line there."""
        if self._target != "file" or not self._path.exists():
            return -1
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - 20_000))
            lines = file.read().split(b"\n")
        # A line that a crash cut short does not count; it is written anew after a line break.
        whole = [line for line in lines[:-1] if line.startswith(b"{") and line.endswith(b"}")]
        return int(json.loads(whole[-1])["event.sequence"]) if whole else -1

    def write(self, lines: list[dict[str, Any]]) -> None:
        """Write entries in order and make them durable where we can."""
        rendered = [str(self._render(None, "", line)) for line in lines]
        if self._target == "file":
            with self._path.open("ab") as file:
                if file.tell() and not _ends_with_newline(self._path):
                    file.write(b"\n")
                file.write("".join(f"{line}\n" for line in rendered).encode())
                file.flush()
                os.fsync(file.fileno())  # the cursor moves next, and must not outlive the lines
        elif self._target == "syslog":
            self._syslog = self._syslog or _Syslog("/dev/log")  # only now: a machine without one must not stop us
            for line in rendered:
                self._syslog.emit(logging.LogRecord("csirt.record", logging.INFO, "", 0, line, None, None))
        else:
            sys.stdout.write("".join(f"{line}\n" for line in rendered))
            sys.stdout.flush()


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
