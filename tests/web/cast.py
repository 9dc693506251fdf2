"""Who and where the sample pages are: the frame around them, and the two languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from csirt.model.people import Role
from csirt.web.views import frame

NOW = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_frame(language: str, here: str = "board", *, signed_in: bool = True) -> frame.Frame:
    """The frame around a page for an officer of the sample city."""
    made = frame.Frame(
        language=language,
        city="鳴門市" if language == "ja" else "Naruto City",
        now=NOW,
        path="/",
        here=here,
        sample=True,
        csrf="token",
        notice="notice.answered" if here == "incident" else "",
    )
    if not signed_in:
        return made
    name = "撫養 花子" if language == "ja" else "Hanako Muya"
    return replace(made, name=name, roles=(Role.OFFICER, Role.RESPONDER), nav=frame.NAVIGATION)


class Words:
    """Picks the Japanese or the English of a pair."""

    def __init__(self, language: str) -> None:
        """For this language."""
        self._first = language == "ja"

    def __call__(self, ja: str, en: str) -> str:
        """The one that is wanted."""
        return ja if self._first else en
