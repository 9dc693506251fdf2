"""A dry run goes through a form, too."""

from pydantic import BaseModel

from csirt.playbook import Disposition, Responder, Role
from csirt.playbook.walking import walk
from tests.plays import play_of
from tests.world import World


class Damage(BaseModel):
    """What a form asks."""

    persons: int


def test_a_form_is_walked_whatever_it_was_filled_with(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        damage = respond.ask("damage", who=Role.OFFICER, fields=Damage).fields
        if damage is not None and damage.persons > 3:
            respond.ask("more", who=Role.OFFICER)
        return respond.close(Disposition.BENIGN)

    found = walk(play_of(body), world.desk.door.city)
    assert "more" in repr(found)
    assert "failed" not in repr(found)
