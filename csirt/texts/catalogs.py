"""gettext catalogs of the interface, read from their `.po` files at start; nothing has to be compiled beforehand.

Message ids are stable codes such as `kind.STEP_ANSWERED`, `error.already_answered` or `level.3`, in both languages, so
that a missing text is seen at once and a reworded sentence breaks nothing. Each language is a folder of `.po` files.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from csirt.errors import CsirtError, Invalid, NotFound, Param

LANGUAGES = ("ja", "en")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Catalog:
    """The texts of one language. A `strict` one raises `NotFound("text_missing")`; otherwise the code stands in."""

    language: str
    texts: Mapping[str, str]
    strict: bool = False

    def has(self, code: str) -> bool:
        """Is there a text for this code?"""
        return code in self.texts

    def gettext(self, code: str) -> str:
        """The text of a code, with its `%(name)s` places still open."""
        if self.strict and code not in self.texts:
            raise NotFound("text_missing", text=code, language=self.language)
        return self.texts.get(code, code.replace("%", "%%"))

    def ngettext(self, code: str, plural: str, number: int) -> str:
        """The text for one or for many; Japanese has one form, so both codes may carry the same text."""
        return self.gettext(code if number == 1 else plural)

    def say(self, code: str, params: Mapping[str, Param] | None = None) -> str:
        """The finished text of a code. A place without a parameter is shown as `–`; this never fails."""
        values: defaultdict[str, Param] = defaultdict(lambda: "–", params or {})
        return self.gettext(code) % values

    def error(self, code: str, params: Mapping[str, Param] | None = None) -> str:
        """The sentence for an error's code; a code without one gets the general sentence, which names the code."""
        if self.has(f"error.{code}"):
            return self.say(f"error.{code}", params)
        return self.say("error.other", {"code": code})

    def sentence(self, problem: CsirtError) -> str:
        """The sentence for an error of ours."""
        return self.error(problem.code, problem.params)


def read_catalog(folder: Path, language: str, *, strict: bool = False) -> Catalog:
    """Read every `.po` file of a language's folder.

    Raises:
        Invalid: `text_twice` when two files give the same code, `text_unknown_language` when there is no such folder.
    """
    files = sorted((folder / language).glob("*.po"))
    if not files:
        raise Invalid("text_unknown_language", language=language)
    texts: dict[str, str] = {}
    for file in files:
        with file.open("rb") as source:
            for message in read_po(source, locale=language, abort_invalid=True):
                if not isinstance(message.id, str) or not message.id or not message.string:
                    continue
                if message.id in texts:
                    raise Invalid("text_twice", text=message.id, file=file.name)
                texts[message.id] = str(message.string)
    return Catalog(language, texts, strict)


@cache
def catalog(language: str) -> Catalog:
    """The product's own catalog of a language (`ja` or `en`), read once. Raises `Invalid` for any other."""
    if language not in LANGUAGES:
        raise Invalid("text_unknown_language", language=language)
    return read_catalog(_FOLDER, language)
