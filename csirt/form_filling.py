"""Official forms of the city's own: .xlsx files with a mapping file beside each, filled from a report's snapshot.

They lie in the folder `official` of the data folder. What goes in is Japanese, whoever asks.
"""

from pathlib import Path

from csirt.bootstrap import Desk
from csirt.documents import report_words
from csirt.errors import CsirtError, Invalid, NotFound
from csirt.model.report import FilledFact, Snapshot
from csirt.reports.form_mapping import CellRule, FormMapping, mapping_from
from csirt.store.queries.reports import report
from csirt.texts.catalogs import catalog
from csirt.texts.reports import ReportWords

FOLDER = "official"


def official_forms(desk: Desk, form: str, edition: str) -> list[FormMapping]:
    """The mappings that fit a form's edition, by name. One that cannot be read is left out here: `check` says why."""
    found = []
    for path in sorted((desk.settings.data / FOLDER).glob("*.toml")):
        try:
            mapping = read_mapping(desk, path)
        except CsirtError:
            continue
        if mapping.form == form and edition in mapping.editions:
            found.append(mapping)
    return found


def read_mapping(desk: Desk, path: Path) -> FormMapping:
    """A mapping file.

    Raises:
        NotFound: `file_missing`.
        Invalid: it cannot be understood; names file, line and field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound("file_missing", file=path.name) from error
    except UnicodeDecodeError as error:
        raise Invalid("form_mapping_not_toml", file=path.name, line=1) from error
    city = desk.door.city
    return mapping_from(text, path.name, city.forms.forms, city.facts)


def check_mapping(desk: Desk, path: Path, form: Path | None = None) -> FormMapping:
    """A mapping file against its form: the one given, else that which it names, beside it. Raises as `check_form`."""
    from csirt.reports.filler import check_form  # lazy: openpyxl costs a third of a second at every start

    mapping = read_mapping(desk, path)
    check_form(_content(form or path.parent / mapping.file), mapping)
    return mapping


def filled_form(desk: Desk, report_id: str, name: str) -> tuple[str, bytes]:
    """An official form of the city's folder filled from a report; its file name and its content.

    Raises:
        NotFound: no such report or mapping, or the report's texts were erased.
        Invalid: mapping and form do not fit each other, or not this report.
    """
    view = desk.look(report, report_id)
    if view.snapshot is None:
        raise NotFound("report_erased", report=report_id)
    mapping = next((one for one in official_forms(desk, view.form, view.edition) if one.name == f"{name}.toml"), None)
    if mapping is None:
        raise NotFound("official_form_unknown", name=name[:60])
    return mapping.file, fill_form(desk, view.snapshot, mapping, desk.settings.data / FOLDER / mapping.file)


def fill_form(desk: Desk, snapshot: Snapshot, mapping: FormMapping, form: Path) -> bytes:
    """A form filled from a snapshot. Raises `NotFound`, or `Invalid` as `fill`; `form_mapping_other_form`."""
    from csirt.reports.filler import fill  # lazy: as above

    if mapping.form != snapshot.form or snapshot.edition not in mapping.editions:
        raise Invalid("form_mapping_other_form", file=mapping.name, form=snapshot.form, edition=snapshot.edition)
    speak = report_words(desk, catalog("ja"))
    said = {rule: text for rule in mapping.cells if (text := _text(rule, snapshot, speak)) is not None}
    return fill(_content(form), mapping, said)


def _text(rule: CellRule, snapshot: Snapshot, speak: ReportWords) -> str | None:
    """What goes into a cell; None where it is left alone."""
    if rule.case:
        return speak.case(snapshot, rule.case)
    if rule.field:
        known = speak.forms.form(snapshot.form)
        one = next(field for field in known.fields if field.name == rule.field)
        return speak.text(one, snapshot)
    fact = next((one for facts in snapshot.fields.values() for one in facts if one.fact == rule.fact), None)
    if rule.value:
        return rule.write if fact is not None and _has(fact, rule.value) else None
    return speak.value(fact) if fact is not None and not fact.is_missing else None


def _has(fact: FilledFact, value: str) -> bool:
    return value in fact.value if isinstance(fact.value, tuple) else str(fact.value) == value


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound("file_missing", file=path.name) from error
