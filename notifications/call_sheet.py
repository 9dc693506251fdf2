"""Phone and fax: a call sheet, which a member of staff works through and fills in.

Nothing leaves the house here. The sheet is an assignment that the escalation opens; its script is made here.
"""

from collections.abc import Mapping

from csirt.errors import DeliveryFailed
from csirt.model.message import Message, Receipt
from csirt.model.ports import Renderer

TEMPLATE = "call_sheet"


class CallSheetChannel:
    """The port `Channel` for `phone` and `fax`."""

    takes_bundles = False

    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, message: Message) -> Receipt:
        """Say that the sheet lies open. The call itself is recorded by the person who makes it.

        Raises:
            DeliveryFailed: `address_malformed`, when there is no number to call.
        """
        if not message.recipient.address.strip():
            raise DeliveryFailed("address_malformed", permanent=True, reply="address")
        return Receipt("sheet_opened", message.id)


def call_script(
    renderer: Renderer, language: str, facts: Mapping[str, str], *, channel: str, callee: str, number: str
) -> tuple[str, str]:
    """Title and script of a call sheet: whom to call, what to say, what to have read back, what to record.

    Pure: `facts` are those of the message, `channel` is `phone` or `fax`. Never fails, as the renderer never does.
    """
    return renderer.render(TEMPLATE, language, {**facts, "channel": channel, "callee": callee, "phone": number})
