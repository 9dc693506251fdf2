"""Contact chains in words: their titles and those of their routes, from the city's files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from csirt.model.contact import ContactChain


@dataclass(frozen=True, slots=True)
class ChainWords:
    """Puts chains and routes into words of one language. What the city's files no longer hold stands for itself.

    `climbs` maps escalations, and the steps `incident/step` that began one, to their chain: most entries of a climb
    name its routes only.
    """

    chains: Mapping[str, ContactChain] = field(default_factory=dict)
    language: str = "ja"
    climbs: Mapping[str, str] = field(default_factory=dict)

    def title(self, chain: str) -> str:
        """The title of a chain."""
        known = self.chains.get(chain)
        return (known.title.get(self.language) if known else "") or chain

    def chain_of(self, out: Mapping[str, Any], incident: str | None, step: str | None) -> str:
        """The chain that an entry with these fields is about; nothing where nobody knows."""
        named = out.get("chain") or self.climbs.get(str(out.get("escalation", "")))
        return str(named or self.climbs.get(f"{incident}/{step}", ""))

    def route(self, chain: str, route: str) -> str:
        """The title of a route. Without its chain: the one on which all chains with such a route agree."""
        of = [self.chains[chain]] if chain in self.chains else list(self.chains.values())
        titles = {one.title.get(self.language, "") for known in of for one in known.routes if one.name == route}
        return (titles.pop() if len(titles) == 1 else "") or route
