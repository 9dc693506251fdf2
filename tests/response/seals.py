"""People of the sample city as they act, for tests of who sees what."""

from csirt.bootstrap import Desk
from csirt.model.incident import IncidentType
from csirt.model.people import Actor
from csirt.response import incidents, people
from csirt.response.incidents import Report
from csirt.store.tx import Look


def who(desk: Desk, uid: str, auth: str = "ldif") -> Actor:
    """Somebody who has signed in, by their account."""

    def known(look: Look) -> Actor:
        roster = people.roster(look.session, look.vault)
        person = roster.by_uid(uid)
        assert person is not None
        return people.actor_of(person, roster, auth)

    return desk.look(known)


def sealed(desk: Desk, by: str = "k.sato", readers: tuple[str, ...] = ("a.kobayashi",)) -> str:
    """A sealed incident whose readers are whoever opened it and these accounts."""
    ids = tuple(who(desk, uid).id for uid in readers)
    report = Report(title="内部不正", type=IncidentType.RANSOMWARE, sealed=True, readers=ids)
    return desk.commit(who(desk, by), incidents.open_by_report, report)
