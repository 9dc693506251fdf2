"""The header of a syslog line (RFC 3164 §4.1, RFC 5424 §6.2), as far as detections need it: the time."""

import re

# RFC 6587 length, PRI, and the version of RFC 5424, each if there.
PREFIX = re.compile(r"(?:[0-9]{1,7} (?=<))?(<[0-9]{1,3}>)?:?\s?(?:1 )?")
TIME = re.compile(
    r"[A-Za-z]{3} [ 0-9]?[0-9] (?:[0-9]{4} )?[0-9:]{8}(?:\.[0-9]{1,9})?"
    r"(?: (?:UTC|GMT|JST|Z|[+-][0-9]{2}:?[0-9]{2})(?= ))?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def is_syslog(line: str) -> bool:
    """Whether a line begins as syslog does: with a PRI, or with a time."""
    prefix = PREFIX.match(line)
    return bool(prefix and (prefix[1] or TIME.match(line, prefix.end())))


def header_time(before: str) -> str | None:
    """The time that stands in front of a message, as written."""
    prefix = PREFIX.match(before)
    stamp = TIME.match(before, prefix.end() if prefix else 0)
    return stamp[0] if stamp else None
