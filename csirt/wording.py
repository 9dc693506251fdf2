"""Codes of a message become the words that templates show, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from csirt.era import number_text
from csirt.model import discretion
from csirt.model.city import City
from csirt.model.discretion import withhold
from csirt.model.duty import rule_of
from csirt.model.message import CALL_SHEET_CHANNELS, Recipient
from csirt.texts.steps import StepTexts


@dataclass(frozen=True, slots=True)
class Wording:
    """Knows the city's name, its address, and the texts of steps."""

    city: City
    texts: StepTexts
    playbooks: Mapping[str, str]  # incident type -> playbook
    base_url: str
    ack_url: str = ""  # where links to acknowledge lead; empty: messages have none
    replies: bool = False  # are answers to our mails read?

    def facts(
        self,
        codes: Mapping[str, str],
        recipient: Recipient,
        language: str,
        *,
        channel: str = "",
        repeat: bool = False,
        drill: bool = False,
        token: str = "",
    ) -> dict[str, str]:
        """What a template is given for one addressee: numbers, times, codes and links; no free text, no victim."""
        playbook, asked = self.playbooks.get(codes.get("type", ""), ""), codes.get("step", "")
        known = bool(playbook or rule_of(asked))
        step = self.texts.step_text(playbook, asked, language) if known else None
        said = {
            **codes,
            "number": number_text(int(codes["year"]), int(codes["ordinal"]), language, drill=drill),
            "step_title": step.title if step else "",
            "deadline": codes.get("due", ""),
            "city": self.city.name_ja if language == "ja" else self.city.name_en,
            "called_as": recipient.name,
            "callee": recipient.name,
            "phone": recipient.address if channel in CALL_SHEET_CHANNELS else "",
            "channel": channel,
            "link": self._link(codes) if _may_open(recipient, channel) else "",
            "ack_link": f"{self.ack_url}/acknowledge/{token}" if token and self.ack_url else "",
            "ack_code": token if self.replies else "",
            "state": "investigating",
            "sample": "1" if self.city.sample else "",
            "drill": "1" if drill else "",
            "repeat": "1" if repeat else "",
        }
        chain = self.city.chains.get(codes.get("chain", ""))
        return withhold(said, chain.never_say if chain else discretion.ALL)

    def alone(self, codes: Mapping[str, str], language: str, *, repeat: bool) -> dict[str, str]:
        """The same for a message about no case."""
        city = self.city.name_ja if language == "ja" else self.city.name_en
        flags = {"sample": "1" if self.city.sample else "", "repeat": "1" if repeat else ""}
        return {**codes, "city": city, **flags}

    def _link(self, codes: Mapping[str, str]) -> str:
        if not self.base_url:
            return ""
        if codes.get("assignment"):
            return f"{self.base_url}/assignments/{codes['assignment']}"
        if codes.get("step") == "measure":
            return f"{self.base_url}/measures"
        about = "/duties" if rule_of(codes.get("step", "")) else ""
        return f"{self.base_url}/incidents/{codes['incident']}{about}"


def _may_open(recipient: Recipient, channel: str) -> bool:
    """May the reader open our pages? An office outside may not; a call sheet is read by a member of staff."""
    return not recipient.party.startswith("office:") or channel in CALL_SHEET_CHANNELS
