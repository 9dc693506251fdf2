"""The data folder of a city: made once from a city file, read at every start."""

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from csirt.errors import Conflict, Invalid, NotFound
from csirt.model.asset import headings_from
from csirt.model.chains import chain_from, offices_from
from csirt.model.city import City
from csirt.model.deciding import deciders_from
from csirt.model.fact import FactCatalogue, catalogue_from
from csirt.model.holidays import Holidays, holidays_from
from csirt.model.incident import IncidentType, Level
from csirt.model.law import law_from, levels_from
from csirt.model.office_hours import calendar_from
from csirt.model.people import Role
from csirt.model.rates import AnswerRates, rates_from
from csirt.model.reminder import ReminderBook, reminders_from
from csirt.model.report import FormBook
from csirt.model.report_forms import ReportRules, form_from, report_rules_from
from csirt.model.source import Source, sources_from
from csirt.model.triage import rules_from
from csirt.store.key_ring import KeyRing

SAMPLE_CITY = Path(__file__).parent / "city_data" / "sample" / "city.toml"
LAW = Path(__file__).parent / "city_data" / "law"  # dated data of the country, the same for every city
RATES = Path(__file__).parent / "city_data" / "answer_rates.toml"
REMINDERS = Path(__file__).parent / "city_data" / "reminders.toml"
HEADINGS = Path(__file__).parent / "city_data" / "asset_headings.toml"
OWN_HEADINGS = "asset-headings.toml"
FORMS = Path(__file__).parent / "city_data" / "forms"  # of reports to the authorities
REPORTS = Path(__file__).parent / "city_data" / "reports.toml"
OWN_FORMS = "forms"  # the folder of the city's own forms of reports
HOLIDAYS = "holidays.toml"
CITY_FILE = "city.toml"
_SINGLE = {"people": "people.ldif", "roles": "roles.toml", "offices": "offices.toml", "triage": "triage.toml"}
_OPTIONAL = ("systems", "reports")  # a city need not have these
SOURCES = "sources.toml"  # what sends detections; a city need not have declared any
MAPPINGS = "mappings"  # the folder of the city's own mapping files
_MADE_FOR_PLAY = "sample-city"  # marks a folder that the main job may play in


def found(data: Path, city_file: Path, *, for_play: bool = False) -> None:
    """Make the data folder of a city from its file: copies of what it names, mode 0700.

    `for_play` marks a folder that the main job made itself.

    Raises:
        Conflict: the folder holds a city already.
        NotFound: the file, or one that it names, is not there.
        Invalid: it cannot be understood; names file and key.
    """
    if (data / CITY_FILE).exists():
        raise Conflict("city_exists", folder=data.name)
    table = read_toml(city_file)
    files = _files(table, city_file)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)
    for name, target in _SINGLE.items():
        _copy(city_file.parent / files[name], data / target)
    (data / "chains").mkdir(mode=0o700, exist_ok=True)
    offices = (city_file.parent / files["offices"]).resolve()
    for folder in _chain_folders(table, city_file):
        for chain in sorted((city_file.parent / folder).glob("*.toml")):
            if chain.resolve() != offices:  # contact data often lies beside the chains
                _copy(chain, data / "chains" / chain.name)
    _copy_optional(city_file, files, data)
    _copy_sources(city_file, files, data)
    KeyRing(data / "keys").first()  # now, so that every host that is given a copy of this folder has it
    if for_play:
        (data / _MADE_FOR_PLAY).write_text("This folder was made by ./run; the main job may play in it.\n")
    part = data / f".{CITY_FILE}.part"
    _copy(city_file, part)
    _city(data, table, part, {}, "")
    part.replace(data / CITY_FILE)  # last, so that a folder with a city file is whole and understood


def _copy_optional(city_file: Path, files: Mapping[str, Any], data: Path) -> None:
    """What a city file may name and need not."""
    for name in _OPTIONAL:
        if isinstance(named := files.get(name), str):
            _copy(city_file.parent / named, data / f"{name}.toml")


def _copy_sources(city_file: Path, files: Mapping[str, str], data: Path) -> None:
    """Sources and the mapping files that they name, where the city file has them."""
    if "sources" not in files:
        return
    named = city_file.parent / files["sources"]
    _copy(named, data / SOURCES)
    (data / MAPPINGS).mkdir(mode=0o700, exist_ok=True)
    for source in _sources(data).values():
        if source.mapping:
            _copy(named.parent / MAPPINGS / source.mapping, data / MAPPINGS / source.mapping)


def is_founded(data: Path) -> bool:
    """Does the folder hold a city?"""
    return (data / CITY_FILE).exists()


def is_for_play(data: Path) -> bool:
    """Did the main job make this folder itself?"""
    return (data / _MADE_FOR_PLAY).exists()


def load(data: Path, playbooks: Mapping[IncidentType, tuple[str, int]], base_url: str = "") -> City:
    """The city of a data folder, checked.

    Raises:
        NotFound: the folder holds no city.
        Invalid: a file cannot be understood; names file, route, tier and key.
    """
    if not is_founded(data):
        raise NotFound("city_missing", folder=data.name)
    file = data / CITY_FILE
    return _city(data, read_toml(file), file, playbooks, base_url)


def _city(
    data: Path, table: Mapping[str, Any], file: Path, playbooks: Mapping[IncidentType, tuple[str, int]], base_url: str
) -> City:
    chains = [chain_from(read_toml(path), path.name) for path in sorted((data / "chains").glob("*.toml"))]
    names, holidays = _table(table, "name", CITY_FILE), _holidays(data)
    hours = _table(table, "office_hours", CITY_FILE)
    catalogue = catalogue_from(read_toml(LAW / "facts.toml"), "facts.toml")
    return City(
        code=str(table.get("code", "")),
        name_ja=str(names.get("ja", "")),
        name_en=str(names.get("en", "")),
        chains={chain.name: chain for chain in chains},
        offices=offices_from(read_toml(data / _SINGLE["offices"]), _SINGLE["offices"]),
        rules=rules_from(read_toml(data / _SINGLE["triage"]), _SINGLE["triage"]),
        calendar=calendar_from(hours, file.read_text(encoding="utf-8"), CITY_FILE, holidays.is_holiday),
        holidays=holidays,
        sample=bool(table.get("sample", False)),
        base_url=base_url,
        level_setters=_setters(_table(table, "level_setters", CITY_FILE)),
        rates=_rates(data),
        playbooks=playbooks,
        facts=catalogue,
        law=law_from(read_toml(LAW / "duties.toml"), catalogue, "duties.toml"),
        levels=levels_from(read_toml(LAW / "levels.toml"), catalogue, "levels.toml"),
        deciders=deciders_from(read_toml(LAW / "deciders.toml"), "deciders.toml"),
        sources=_sources(data),
        second_factor=second_factor_from(_table(table, "sign_in", CITY_FILE)),
        reminders=_reminders(data),
        asset_headings=_asset_headings(data),
        forms=_forms(data, catalogue),
        reports=_report_rules(data),
    )


def _forms(data: Path, catalogue: FactCatalogue) -> FormBook:
    """Those that come with the product; the city's own take the place of one with the same id."""
    files = (*sorted(FORMS.glob("*.toml")), *sorted((data / OWN_FORMS).glob("*.toml")))
    forms = [form_from(read_toml(file), catalogue, file.name) for file in files]
    return FormBook({form.id: form for form in forms})


def _report_rules(data: Path) -> ReportRules:
    """The city's own rules, else those that come with the product."""
    own = data / REPORTS.name
    path = own if own.exists() else REPORTS
    return report_rules_from(read_toml(path), path.name)


def _sources(data: Path) -> dict[str, Source]:
    path = data / SOURCES
    return sources_from(read_toml(path), SOURCES, path.read_text(encoding="utf-8")) if path.exists() else {}


def _asset_headings(data: Path) -> dict[str, tuple[str, ...]]:
    """Which headings of a ledger mean what: those that come with the product, and before them the city's own."""
    found = dict(headings_from(read_toml(HEADINGS), HEADINGS.name))
    if (data / OWN_HEADINGS).exists():
        for field, texts in headings_from(read_toml(data / OWN_HEADINGS), OWN_HEADINGS).items():
            found[field] = (*texts, *found[field])
    return found


def _rates(data: Path) -> AnswerRates:
    """The city's own figures, else those that come with the product."""
    own = data / RATES.name
    path = own if own.exists() else RATES
    return rates_from(read_toml(path), path.name)


def _reminders(data: Path) -> ReminderBook:
    """The city's own lead times, else those that come with the product."""
    own = data / REMINDERS.name
    path = own if own.exists() else REMINDERS
    return reminders_from(read_toml(path), path.name)


def _holidays(data: Path) -> Holidays:
    """Newer ones that lie in the data folder, else those that come with the product."""
    own = data / HOLIDAYS
    return holidays_from(read_toml(own if own.exists() else LAW / HOLIDAYS), HOLIDAYS)


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a mapping. Raises `NotFound`, or `Invalid` naming the file and the place."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound("file_missing", file=path.name) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("toml_malformed", file=path.name, where=str(error)[-60:]) from error


def _table(table: Mapping[str, Any], key: str, file: str) -> dict[str, Any]:
    found_ = table.get(key, {})
    if not isinstance(found_, dict):
        raise Invalid("value_malformed", file=file, key=key)
    return found_


def _files(table: Mapping[str, Any], city_file: Path) -> dict[str, str]:
    files = _table(table, "files", city_file.name)
    for name in _SINGLE:
        if not isinstance(files.get(name), str):
            raise Invalid("key_missing", file=city_file.name, key=f"files.{name}")
    return files


def _chain_folders(table: Mapping[str, Any], city_file: Path) -> list[str]:
    """One folder of chains or several; where two have a file of one name, the later one's counts."""
    named = _table(table, "files", city_file.name).get("chains")
    folders = [named] if isinstance(named, str) else named
    if not isinstance(folders, list) or not folders or not all(isinstance(one, str) for one in folders):
        raise Invalid("key_missing", file=city_file.name, key="files.chains")
    return folders


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise NotFound("file_missing", file=source.name)
    shutil.copyfile(source, target)
    target.chmod(0o600)


def _setters(table: Mapping[str, Any]) -> dict[Level, str]:
    try:
        return {Level(int(level)): str(post) for level, post in table.items()}
    except ValueError as error:
        raise Invalid("value_malformed", file=CITY_FILE, key="level_setters") from error


def second_factor_from(table: Mapping[str, Any]) -> frozenset[Role]:
    """The roles that need a second factor, from `[sign_in]`. Raises `Invalid`."""
    named = table.get("second_factor", [])
    if not isinstance(named, list) or not {str(one) for one in named} <= {role.value for role in Role}:
        raise Invalid("value_malformed", file=CITY_FILE, key="sign_in.second_factor")
    return frozenset(Role(str(one)) for one in named)
