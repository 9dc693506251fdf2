"""The sample inputs that ship with the product: twelve records, one ransomware incident across two formats."""

import itertools
import tomllib
from importlib import resources

import pytest

from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable, fingerprint
from csirt.model.incident import Group, IncidentType, Level, Sortable
from csirt.model.sorting import attacked_and_attacker, day_of, groups_of, names_of, sighting
from csirt.model.triage import rules_from, suggest
from csirt.readers.formats import read

CITY = resources.files("csirt").joinpath("city_data")
FILES = ("suricata.ndjson", "edr.cef")


def records(name: str) -> list[SourceRecord]:
    return list(read(CITY.joinpath("sample", "detections", name).read_bytes(), "auto"))


def detections() -> list[Detection]:
    """Those of both files, each once."""
    found = [record.result for name in FILES for record in records(name) if isinstance(record.result, Detection)]
    return list({fingerprint(one): one for one in reversed(found)}.values())[::-1]


def sortables() -> list[Sortable]:
    rules = rules_from(tomllib.loads(CITY.joinpath("triage.toml").read_text("utf-8")), "triage.toml")
    found = []
    for key, one in enumerate(detections()):
        assert one.time_utc is not None
        attacked, attacker = attacked_and_attacker(one)
        seen = sighting(attacked, one.src_ip, one.dst_ip)
        found.append(Sortable(key, one.time_utc, attacked, attacker, *suggest(one, rules), one.title, seen))
    return found


def test_twelve_records_end_in_their_buckets() -> None:
    results = [record.result for name in FILES for record in records(name)]
    assert len(results) == 12
    assert sum(isinstance(result, NotADetection) for result in results) == 2
    assert sum(isinstance(result, Unreadable) for result in results) == 1
    assert sum(isinstance(result, Detection) for result in results) == 9
    assert len(detections()) == 6


def test_all_on_one_day_of_japan() -> None:
    assert len({day_of(one.at) for one in sortables()}) == 1


def check_one_ransomware_incident(groups: list[Group]) -> None:
    (group,) = groups
    assert len(group.keys) == 6
    assert (group.type, group.level) == (IncidentType.RANSOMWARE, Level.GRAVE)
    assert group.attackers == {"203.0.113.45"}


def test_the_six_are_one_ransomware_incident_whatever_their_order() -> None:
    for order in itertools.islice(itertools.permutations(sortables()), 0, 720, 37):
        check_one_ransomware_incident(groups_of(order))


def test_both_formats_speak_of_one_host_once_its_name_is_known() -> None:
    assert {address: name for (_, address), name in names_of(sortables()).items()} == {"10.20.3.142": "nrt-zei-0142"}
    groups = groups_of(sortables())
    check_one_ransomware_incident(groups)
    assert groups[0].attacked == {"nrt-zei-0142"}


@pytest.mark.parametrize("name", FILES)
def test_each_file_alone_is_the_same_incident(name: str) -> None:
    formats = {"suricata.ndjson": "suricata-eve", "edr.cef": "cef"}
    keys = {key for key, one in enumerate(detections()) if one.format == formats[name]}
    (group,) = groups_of([one for one in sortables() if one.key in keys])
    assert (len(group.keys), group.type, group.level) == (3, IncidentType.RANSOMWARE, Level.GRAVE)
