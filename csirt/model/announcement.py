"""What the city says in public of an incident (公表): drafted, decided on by other eyes, said somewhere at a time."""

from enum import StrEnum


class AnnouncementState(StrEnum):
    """Where an announcement stands. The words are those of a circulated paper: 起案, 決裁, 差戻し."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    RETURNED = "returned"
    REPLACED = "replaced"  # another draft took its place before it was decided on
    WITHHELD = "withheld"  # it was decided not to publish, with ground and reason


class Outlet(StrEnum):
    """Where the city says it."""

    WEB = "web"
    PRESS_CLUB = "press_club"  # 記者クラブ: papers handed in, or a conference
    MAIL_LIST = "mail_list"
    SNS = "sns"
    LOUDSPEAKER = "loudspeaker"  # 防災行政無線
    LETTER = "letter"  # to the persons concerned


class Ground(StrEnum):
    """Why it is not published (市の公表基準の例: 長崎市, 島原市)."""

    LIFE_PROPERTY = "life_property"
    INVESTIGATION = "investigation"
    VICTIM_WISH = "victim_wish"
    OTHER = "other"


DECIDERS = frozenset({"ciso", "mayor"})  # posts that decide on a release, with public relations at their side
