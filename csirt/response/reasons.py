"""Why somebody did it: what every use case that asks for a reason asks of the text."""

from csirt.errors import Invalid
from csirt.guard import refuse_my_number

MOST = 4000  # characters


def given(text: str, *, most: int = MOST) -> str:
    """The reason without blanks around it.

    Raises:
        Invalid: `reason_missing`, `text_too_long` with the limit, or a 個人番号 in it.
    """
    if not text.strip():
        raise Invalid("reason_missing", field="reason")
    if len(text) > most:
        raise Invalid("text_too_long", field="reason", limit=most)
    refuse_my_number(text, field="reason")
    return text.strip()
