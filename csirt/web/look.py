"""How pages are drawn: one Jinja2 environment a language, its filters, and `draw`.

Everything is escaped, nothing undefined is passed over in silence, and templates hold no sentences: each text is a code
of `csirt.texts.catalogs`.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from csirt.era import JST, at_in_era, in_era, jst_date, number_text
from csirt.texts.catalogs import Catalog, catalog
from csirt.web.signs import NAMES, Compiled, Tag, icon_of, sign_of, tag_of
from csirt.web.views.frame import EMPTY_FORM, NAVIGATION, Frame

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_MOST_SPANS = 10_000
_MOST_TEXTS = 10_000  # codes may come from outside; there are far fewer of ours
_ADDRESSES = {
    "board": "/",
    "assignments": "/assignments",
    "open_incident": "/incidents/new",
    "chains": "/chains",
    "playbooks": "/playbooks",
    "audit": "/audit",
    "administration": "/administration",
    "measures": "/measures",
    "waiting": "/waiting",
}


class View(Protocol):
    """What a page is given; `template` names the file that draws it."""

    template: ClassVar[str]


class Numbered(Protocol):
    """A case that has its number."""

    @property
    def fiscal_year(self) -> int:
        """The fiscal year of its receipt."""
        ...

    @property
    def ordinal(self) -> int:
        """Its place in that year."""
        ...

    @property
    def drill(self) -> bool:
        """Is it a drill?"""
        ...


class Phrasing:
    """What puts values into words of one language; instants are shown as the clock in Japan shows them."""

    def __init__(self, words: Catalog, tag: Tag | None = None) -> None:
        """Words come from this catalog, signs of a state from `tag`: without them there is the word alone."""
        self._words = words
        self._tag = tag or (lambda _kind, _shape, said: escape(said))
        self._in_japanese = words.language == "ja"
        self._spans: dict[int, str] = {}  # by minutes

    def day(self, value: date | datetime) -> str:
        """令和8年11月22日(日), the date that public documents use; in English 22 Nov 2026 (Sun)."""
        if self._in_japanese:
            return in_era(value)
        on = jst_date(value)
        month, weekday = self._words.gettext(f"month.{on.month}"), self._words.gettext(f"weekday.{on.isoweekday()}")
        return f"{on.day} {month} {on.year} ({weekday})"

    def clock(self, value: datetime) -> str:
        """14時05分, in English 14:05."""
        local = value.astimezone(JST)
        return f"{local.hour}時{local.minute:02}分" if self._in_japanese else f"{local:%H:%M}"

    def moment(self, value: datetime) -> str:
        """Day and clock."""
        return at_in_era(value) if self._in_japanese else f"{self.day(value)} {self.clock(value)}"

    def when(self, value: datetime) -> Markup:
        """Day and clock as an element of a page; made here, because a page may have hundreds."""
        day, clock = self.day(value), self.clock(value)
        return Markup(  # noqa: S704 - no text of anybody's
            f'<time datetime="{iso(value)}"><span class="whole">{day}</span> <span class="whole">{clock}</span></time>'
        )

    def until(self, begins: datetime, ends: datetime) -> Markup:
        """From one instant to another, with the day said once where it is the same."""
        if jst_date(begins) != jst_date(ends):
            return Markup("{}–{}").format(self.when(begins), self.when(ends))
        whole = '<span class="whole">{}</span>'
        day, clocks = whole.format(self.day(begins)), whole.format(f"{self.clock(begins)}–{self.clock(ends)}")
        return Markup(f'<time datetime="{iso(begins)}/{iso(ends)}">{day} {clocks}</time>')  # noqa: S704 - as above

    def on(self, value: date | datetime) -> Markup:
        """A day as an element of a page."""
        return Markup(  # noqa: S704 - as above
            f'<time class="whole" datetime="{iso(value)}">{self.day(value)}</time>'
        )

    @staticmethod
    def whole(words: object) -> Markup:
        """A name, a number, a date: broken only where there is no other way."""
        return Markup(f'<span class="whole">{escape(words)}</span>')  # noqa: S704 - escaped

    def deadline(self, at: datetime, now: datetime) -> Markup:
        """A deadline: the instant, and in words whether it is passed or how much is left."""
        left = {"span": self.span(at - now)}
        if at < now:
            said = self._tag("overdue", "alert-octagon", self._words.say("due.over", left))
        elif (at - now).total_seconds() < 3600:
            said = self._tag("soon", "alert-triangle", self._words.say("due.left", left))
        else:
            said = self._tag("calm", "clock", self._words.say("due.left", left))
        return Markup(f'<span class="deadline">{self.when(at)} {said}</span>')  # noqa: S704 - both are markup

    def span(self, value: timedelta) -> str:
        """2日 3時間, 45分, 20秒: the two largest parts, never with a sign; seconds only below a minute."""
        seconds = int(abs(value).total_seconds())
        if 0 < seconds < 60:
            return self._words.say("span.seconds", {"n": seconds})
        minutes = seconds // 60
        if (said := self._spans.get(minutes)) is None:
            said = self._said(minutes)
            if len(self._spans) < _MOST_SPANS:
                self._spans[minutes] = said
        return said

    def _said(self, minutes: int) -> str:
        days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
        parts = [(days, "days"), (hours, "hours"), (minutes, "minutes")]
        while len(parts) > 1 and not parts[0][0]:
            parts.pop(0)
        shown = [self._words.say(f"span.{name}", {"n": n}) for n, name in parts[:2] if n or len(parts) == 1]
        return " ".join(shown)

    def size(self, value: int) -> str:
        """24 B, 1.5 MB: in steps of 1,000, as machines of today say it."""
        amount, unit = float(value), "B"
        for unit in ("B", "KB", "MB", "GB", "TB"):
            if amount < 999.5 or unit == "TB":
                break
            amount /= 1000
        return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"

    def number(self, case: "Numbered") -> str:
        """令和8年度 第12号 or FY2026 No. 12; a drill says so first."""
        return number_text(case.fiscal_year, case.ordinal, self._words.language, drill=case.drill)


def _quickly(text: Callable[[str], str]) -> Callable[..., Markup]:
    """What templates call for a text: as the extension's own, but a text without values is made only once."""
    plain: dict[str, Markup] = {}

    def say(code: str, /, **values: object) -> Markup:
        if values:
            return Markup(text(code)) % values  # noqa: S704 - our own text; the values are escaped
        if (known := plain.get(code)) is None:
            known = Markup(text(code)) % {}  # noqa: S704 - as above; `text` escapes a code without a text
            if len(plain) < _MOST_TEXTS:
                plain[code] = known
        return known

    return say


def iso(value: date | datetime) -> str:
    """What stands in `datetime=…`: ISO 8601, instants with +09:00."""
    return value.astimezone(JST).isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()


def address(name: str) -> str:
    """The address of a main page by its name in the navigation."""
    return _ADDRESSES[name]


def environment(words: Catalog) -> Environment:
    """The environment of one language: escaping everywhere, strict, with gettext of our codes."""
    made = Compiled(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.policies["ext.i18n.trimmed"] = True

    def text(code: str) -> str:
        """Our own texts go in as they are; a code without one may come from outside, so it is escaped."""
        return words.gettext(code) if words.has(code) or words.strict else escape(words.gettext(code))

    # The extension adds this method at run time, so no type checker sees it.
    install: Any = made.install_gettext_callables  # type: ignore[attr-defined]
    install(text, words.ngettext, newstyle=True)
    icon = icon_of(made)
    tag = tag_of(icon)
    made.fixed = {"_": _quickly(text), "icon": icon, "tag": tag}
    made.globals.update(made.fixed)
    made.globals.update({name: sign_of(made, name) for name in NAMES})
    _phrase(made, Phrasing(words, tag))
    made.globals.update(address=address, error_text=words.error, known_text=words.has)
    made.globals.update(all_navigation=NAVIGATION, no_form=EMPTY_FORM)
    return made


def _phrase(made: Environment, phrasing: Phrasing) -> None:
    """Values in words, as filters and as functions; a filter costs less, which counts where there are many rows."""
    for name in ("day", "clock", "moment", "when", "until", "deadline", "span", "number", "size"):
        made.filters[name] = getattr(phrasing, name)
    made.filters["iso"] = iso
    for name in ("when", "deadline", "on", "whole"):
        made.globals[name] = getattr(phrasing, name)


@cache
def _environment(language: str) -> Environment:
    return environment(catalog(language))


def draw(frame: Frame, view: View) -> str:
    """The finished page of a view. Raises `Invalid` for a language that we do not have."""
    return draw_with(_environment(frame.language), frame, view)


def draw_with(look: Environment, frame: Frame, view: View) -> str:
    """The finished page, drawn with a given environment."""
    return look.get_template(view.template).render(frame=frame, view=view)
