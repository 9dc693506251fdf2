"""The rules of triage upon what the readers give: types that a person would choose, and no alarm from a drill."""

import tomllib
from importlib import resources

import pytest

from csirt.model.detection import Detection
from csirt.model.incident import IncidentType, Level
from csirt.model.triage import rules_from, suggest
from csirt.readers.formats import read
from tests.readers.examples import given

RULES = rules_from(
    tomllib.loads(resources.files("csirt").joinpath("city_data", "triage.toml").read_text("utf-8")), "triage.toml"
)


def suggested(name: str) -> list[tuple[IncidentType, Level]]:
    """What the rules suggest for each detection of an example."""
    return [suggest(one.result, RULES) for one in read(given(name)) if isinstance(one.result, Detection)]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("crowdstrike-stream", (IncidentType.RANSOMWARE, Level.GRAVE)),
        ("sentinelone", (IncidentType.RANSOMWARE, Level.GRAVE)),
        ("vectra", (IncidentType.RANSOMWARE, Level.GRAVE)),
        ("zeek-notice", (IncidentType.UNAUTH_ACCESS, Level(1))),
        ("crowdsec", (IncidentType.UNAUTH_ACCESS, Level(1))),
        ("defender-alert", (IncidentType.UNAUTH_ACCESS, Level.SERIOUS)),
        ("thinkst", (IncidentType.UNAUTH_ACCESS, Level.SERIOUS)),
        ("proofpoint", (IncidentType.MALWARE_MAIL, Level.SERIOUS)),
        ("mail", (IncidentType.MALWARE_MAIL, Level.SERIOUS)),
        ("xarf-4", (IncidentType.MALWARE_MAIL, Level.SERIOUS)),
        ("pan-os", (IncidentType.MALWARE_MAIL, Level.GRAVE)),
    ],
)
def test_the_rules_know_what_the_readers_give(name: str, wanted: tuple[IncidentType, Level]) -> None:
    assert suggested(name)[0] == wanted


def test_a_sample_of_ransomware_opens_nothing() -> None:
    drill = Detection("x", "Ransomware", "critical", 0, observables={"no_alarm": ("sample_finding",)})
    assert suggest(drill, RULES) == (IncidentType.RANSOMWARE, Level.EVENT)
