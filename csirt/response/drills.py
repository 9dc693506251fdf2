"""訓練: a case that everybody plays through and that reaches nobody for real.

No real address of a drill enters the outbox, so that none can be sent to whatever else goes wrong; around every
channel `notifications.drill` turns each message of a drill into a file of the drill folder besides.
"""

import re

from csirt.model.message import CALL_SHEET_CHANNELS

DOMAIN = "drill.invalid"  # RFC 2606 2: never delivered by anybody
_ODD = re.compile(r"[^a-z0-9-]+")


def address_in_drill(party: str, person: str | None, channel: str) -> str:
    """An address that leads nowhere, one for each addressee; nobody phones, so a call sheet has no number at all."""
    if channel in CALL_SHEET_CHANNELS:
        return ""
    name = _ODD.sub(".", f"{party}.{person or ''}".lower()).strip(".")
    return f"{name[:64].strip('.')}@{DOMAIN}"
