"""Texts of messages: Jinja2 templates in a sandbox, filled with facts that are data and nothing else.

Templates are files `<name>.<language>.txt.j2`: the first line is the subject, a blank line follows, then the body.
They are read once; from then on rendering does no I/O and never fails: a broken template gives way to a standing text
that still names the incident and where to read about it, because a message that is not sent is the worst of all.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from types import MappingProxyType

from jinja2 import DictLoader, TemplateError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from csirt.clock import JST
from csirt.era import at_in_era
from csirt.errors import Invalid
from csirt.guard import clean_line, mask

TEMPLATES = Path(__file__).parent / "templates"
FALLBACK = "fallback.toml"
LANGUAGES = ("ja", "en")

# Every fact that a shipped template may use. Times are ISO 8601 with an offset; flags are "1" or "".
FACTS: Mapping[str, str] = MappingProxyType(
    {
        "number": "number of the case as people say it",
        "level": "0 to 4, or empty while not set",
        "type": "code of the incident's type",
        "state": "investigating, contained, restoring, restored or closed",
        "leak": "none, suspected, confirmed or empty",
        "disposition": "code of how the case ended",
        "report_no": "which report this is, from 1",
        "step_title": "title of the step that waits, in the language of the message",
        "called_as": "post or office that is called, in the language of the message",
        "callee": "whom a call sheet is for, as the person who phones needs it",
        "phone": "the number to call or to fax",
        "channel": "phone or fax, on a call sheet",
        "city": "the city's name",
        "link": "the page to read",
        "count": "how many messages go as one",
        "code": "stable code of what went wrong, for an administrator",
        "place": "where somebody outside may read or ask, where the page is not for them",
        "ack_link": "the page to acknowledge on",
        "ack_code": "what an answer to the mail must carry in its subject to acknowledge",
        "at": "when the message was made",
        "deadline": "answer by",
        "occurred": "first of the four clocks",
        "noticed": "second of the four clocks",
        "known": "third of the four clocks",
        "received": "fourth of the four clocks",
        "closed": "when the case was closed",
        "drill": "flag: a drill",
        "sample": "flag: the sample city",
        "line": "the head of the record: origin, size, root",
        "repeat": "flag: an earlier attempt may have arrived",
    }
)

# Facts that the guard must not touch, as a masked link or number is of no use; their form is checked instead.
_UNMASKED = MappingProxyType(
    {
        "link": re.compile(r"https?://[!-~]{1,1000}"),
        "ack_link": re.compile(r"https?://[!-~]{1,1000}"),
        "ack_code": re.compile(r"[0-9a-z]{26}"),
        "line": re.compile(r"[!-~]{1,200} [0-9]{1,15} [A-Za-z0-9+/]{43}="),
        "phone": re.compile(r"[0-9+*#(). -]{1,40}"),
    }
)
_LONGEST_INPUT = 2_000
_LONGEST_FACT = 500
_LONGEST_SUBJECT = 200
_LONGEST_BODY = 20_000

# What a broken template can raise. Not `Exception`: only the edges of the product may catch everything.
_TEMPLATE_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    Invalid,
    LookupError,
    MemoryError,
    RecursionError,
    TemplateError,
    TypeError,
    ValueError,
)


class TemplateRenderer:
    """The port `Renderer` over a folder of templates; `folder` is read once, when this is made.

    Raises:
        Invalid: `templates_unreadable`, when the folder has no usable standing text.
    """

    def __init__(self, folder: Path = TEMPLATES) -> None:
        try:
            sources = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.j2"))}
            self._fallback = _fallback_from(tomllib.loads((folder / FALLBACK).read_text("utf-8")))
        except (OSError, UnicodeError, tomllib.TOMLDecodeError) as broken:
            raise Invalid("templates_unreadable", file=FALLBACK) from broken
        self._jinja = ImmutableSandboxedEnvironment(  # plain text: nothing to escape, and the guard runs over it
            loader=DictLoader(sources), trim_blocks=True, lstrip_blocks=True, autoescape=False, auto_reload=False
        )
        self._jinja.filters["era"] = _era
        self._jinja.filters["jst"] = _jst

    def render(self, template: str, language: str, facts: Mapping[str, str]) -> tuple[str, str]:
        """Subject (one line, no control characters) and body. Never fails: a standing text replaces a broken one."""
        language = language if language in LANGUAGES else LANGUAGES[0]
        clean = _cleaned(facts)
        try:
            text = self._fill(template, language, clean)
        except _TEMPLATE_ERRORS:
            return self._standing_text(language, clean)
        subject, _, body = text.strip().partition("\n")
        if not subject.strip() or not body.strip() or clean.get("number", "") not in text:
            return self._standing_text(language, clean)
        return _subject(subject), body.strip("\n")[:_LONGEST_BODY] + "\n"

    def _fill(self, template: str, language: str, clean: Mapping[str, str]) -> str:
        source = self._jinja.get_template(f"{template}.{language}.txt.j2")
        kept = {name: clean[name] for name in _UNMASKED if name in clean}
        # Signs from the private use area, which `clean_line` has taken out of every fact, stand in until masked.
        marks = {name: f"\ue000{name}\ue001" for name in kept}
        text = mask(source.render({**clean, **marks}))
        for name, mark in marks.items():
            text = text.replace(mark, kept[name])
        if "\ue000" in text:
            raise TemplateNotFound(template)  # a filter of the template has torn a mark apart
        return text

    def _standing_text(self, language: str, clean: Mapping[str, str]) -> tuple[str, str]:
        words = self._fallback[language]
        known = {"number": mask(clean.get("number", "")) or "-", "link": clean.get("link") or "-"}
        banner = "".join(words[flag] for flag in ("drill", "sample") if clean.get(flag))
        subject = banner + Template(words["subject"]).safe_substitute(known)
        return _subject(subject), Template(words["body"]).safe_substitute(known).strip("\n") + "\n"


def _subject(text: str) -> str:
    return clean_line(text).strip()[:_LONGEST_SUBJECT]


def _cleaned(facts: Mapping[str, object]) -> dict[str, str]:
    """Facts as one clean line each; what is no text, or has the wrong form for its name, is left out."""
    clean: dict[str, str] = {}
    for name, value in facts.items():
        if not isinstance(value, str):
            continue
        line = clean_line(value[:_LONGEST_INPUT]).replace("\ue000", "").replace("\ue001", "").strip()
        form = _UNMASKED.get(name)
        if form is None:
            clean[name] = line[:_LONGEST_FACT]
        elif form.fullmatch(line):
            clean[name] = line
    return clean


def _fallback_from(table: Mapping[str, object]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        words = table.get(language)
        if not isinstance(words, dict) or not {"subject", "body", "drill", "sample"} <= words.keys():
            raise Invalid("templates_unreadable", file=FALLBACK, language=language)
        found[language] = {name: str(text) for name, text in words.items()}
    return found


def _time(value: object) -> datetime | None:
    """An instant with an offset, or None: then the text stands as it is."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.utcoffset() is not None else None


def _era(value: object) -> str:
    """`令和8年11月22日(日) 14時05分` for a time, any other text unchanged."""
    at = _time(value)
    if at is None:
        return str(value)
    try:
        return at_in_era(at)
    except Invalid:
        return str(value)


def _jst(value: object) -> str:
    """`2026-11-22 14:05 JST` for a time, any other text unchanged."""
    at = _time(value)
    if at is None:
        return str(value)
    try:
        return at.astimezone(UTC).astimezone(JST).strftime("%Y-%m-%d %H:%M JST")
    except OverflowError:
        return str(value)
