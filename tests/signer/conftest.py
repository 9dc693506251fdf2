"""A city with something in its record, and its signer."""

import pytest

from csirt.model.incident import IncidentType
from csirt.response import incidents
from csirt.response.incidents import Report
from tests.signer.signing import Seal
from tests.world import World


@pytest.fixture
def seal(world: World) -> Seal:
    """On both databases: an incident with its playbook under way, a note, and nothing signed yet."""
    report = Report(title="拡張子が変わった", type=IncidentType.RANSOMWARE, personal_data="yes")
    incident = world.desk.commit(world.person("k.sato"), incidents.open_by_report, report)
    world.work()
    world.desk.commit(world.person("k.sato"), incidents.add_note, incident, "端末を隔離した。")
    world.notes["incident"] = incident
    return Seal(world)
