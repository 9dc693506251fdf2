"""Who a code of the record stands for: people, posts, roles, offices and sensors in words of one language."""

from collections.abc import Mapping
from dataclasses import dataclass

from csirt.errors import Invalid
from csirt.model.party import PartyKind, PartyName, parse_party
from csirt.model.people import Office, Roster
from csirt.texts.catalogs import Catalog


@dataclass(frozen=True, slots=True)
class Naming:
    """Puts codes into words. `known` should hold people who have left too, for old entries still name them."""

    known: Roster
    offices: Mapping[str, Office]
    words: Catalog

    def __call__(self, code: str) -> str:
        """`p-…` a person with their title, `post:…`, `role:…`, `office:…`, `sensor:…`, `system`; else the code."""
        if code in {"system", "sealed-account"}:
            return self.words.gettext(f"actor.{code.replace('-', '_')}")
        if code in self.known.people:
            return self.person(code)
        if code.startswith("sensor:"):
            return self.words.say("naming.sensor", {"name": code.removeprefix("sensor:")})
        if code.startswith("holder:"):
            return self.words.say("naming.holder", {"post": self.post(code.removeprefix("holder:"))})
        try:
            return self._party(parse_party(code))
        except Invalid:
            return self.post(code) if code in self.known.posts else code

    def person(self, id_: str) -> str:
        """A person's name with their title, or the id of somebody nobody knows any more."""
        person = self.known.people.get(id_)
        if person is None:
            return id_
        if not person.title:
            return person.name
        return self.words.say("naming.person", {"name": person.name, "title": person.title})

    def post(self, id_: str) -> str:
        """The name of a post, or its id."""
        post = self.known.posts.get(id_)
        return self._in(post.name_ja, post.name_en) if post else id_

    def _party(self, party: PartyName) -> str:
        if party.kind is PartyKind.ROLE:
            code = f"role.{party.id}"
            return self.words.gettext(code) if self.words.has(code) else party.id
        if party.kind is PartyKind.OFFICE:
            office = self.offices.get(party.id)
            return self._in(office.name_ja, office.name_en) if office else party.id
        if party.deputy:
            return self.words.say("naming.deputy", {"post": self.post(party.id), "n": party.deputy})
        return self.post(party.id)

    def _in(self, ja: str, en: str) -> str:
        return ja if self.words.language == "ja" else en or ja
