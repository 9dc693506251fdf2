"""An official form is filled without breaking a cell: only the named cells change, the rest stays byte for byte."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from csirt import founding
from csirt.errors import Invalid
from csirt.model.fact import catalogue_from
from csirt.model.report_forms import form_from
from csirt.reports.filler import check_form, fill
from csirt.reports.form_mapping import CellRule, FormMapping, mapping_from
from tests.reports.official import HEAD, MAPPING, an_official_form

FACTS = catalogue_from(founding.read_toml(founding.LAW / "facts.toml"), "facts.toml")
FORMS = {
    form.id: form
    for form in (form_from(founding.read_toml(path), FACTS, path.name) for path in founding.FORMS.glob("*.toml"))
}


def mapped(text: str = MAPPING) -> FormMapping:
    return mapping_from(text, "yoshiki2.toml", FORMS, FACTS)


def texts_for(mapping: FormMapping, *texts: str) -> dict[CellRule, str]:
    return dict(zip(mapping.cells, texts, strict=False))


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


SAID = ("暗号化された。\n2行目", "令和8年度 第12号", "同意する", "☑", "README.txt <b>&amp;")


def test_only_the_named_cells_change() -> None:
    form, mapping = an_official_form(), mapped()
    made = fill(form, mapping, texts_for(mapping, *SAID))
    before, after = openpyxl.load_workbook(io.BytesIO(form)), openpyxl.load_workbook(io.BytesIO(made))
    told = {("様式2", "C4"): SAID[0], ("様式2", "C2"): SAID[1], ("様式2", "C6"): SAID[2], ("様式2", "B8"): SAID[3],
            ("別紙 1", "E12"): SAID[4]}  # fmt: skip
    for name in before.sheetnames:
        places = {cell.coordinate for row in (*before[name].iter_rows(), *after[name].iter_rows()) for cell in row}
        for place in places:
            expected = told.get((name, place), before[name][place].value)
            assert after[name][place].value == expected, place
            assert after[name][place].has_style == before[name][place].has_style or (name, place) in told
            for look in ("font", "border", "fill", "alignment", "number_format", "protection"):
                assert repr(getattr(after[name][place], look)) == repr(getattr(before[name][place], look)), place
    one, other = before["様式2"], after["様式2"]
    assert sorted(map(str, one.merged_cells.ranges)) == sorted(map(str, other.merged_cells.ranges))
    assert [(str(v.sqref), v.formula1) for v in one.data_validations.dataValidation] == [
        (str(v.sqref), v.formula1) for v in other.data_validations.dataValidation
    ]
    assert (other.print_area, other.print_title_rows, other.page_setup.paperSize) == (
        one.print_area, one.print_title_rows, one.page_setup.paperSize,
    )  # fmt: skip
    assert other.protection.sheet
    assert other["C9"].value == "=LEN(C4)"
    assert other["C8"].comment is not None


def test_every_other_part_stays_byte_for_byte() -> None:
    form, mapping = an_official_form(), mapped()
    before, after = parts(form), parts(fill(form, mapping, texts_for(mapping, *SAID)))
    assert list(before) == list(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/workbook.xml"}
    assert any(name.startswith("xl/media/") for name in after)
    assert fill(form, mapping, {}) is not form
    assert {name for name, content in parts(fill(form, mapping, {})).items() if content != before[name]} <= {
        "xl/workbook.xml"
    }


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-1", "@SUM(A1)", "\t=1", '＝HYPERLINK("http://x")', "12:30"]
)
def test_a_text_is_never_a_formula(text: str) -> None:
    form, mapping = an_official_form(), mapped()
    made = fill(form, mapping, texts_for(mapping, text))
    cell = openpyxl.load_workbook(io.BytesIO(made))["様式2"]["C4"]
    assert (cell.data_type, cell.value) == ("s", text)
    assert cell.hyperlink is None


def test_signs_that_xml_cannot_hold_and_texts_too_long_do_no_harm() -> None:
    form, mapping = an_official_form(), mapped()
    made = fill(form, mapping, texts_for(mapping, "a\x00b\x0b]]>\U0001f525\u202e" + "長" * 40_000))
    cell = openpyxl.load_workbook(io.BytesIO(made))["様式2"]["C4"].value
    assert isinstance(cell, str)
    assert "]]>" in cell
    assert len(cell) <= 32_000


def refused(mapping_text: str, *texts: str) -> dict[str, object]:
    mapping = mapped(mapping_text)
    said = texts_for(mapping, *texts)
    act = (
        (lambda: fill(an_official_form(), mapping, said)) if texts else lambda: check_form(an_official_form(), mapping)
    )
    with pytest.raises(Invalid) as caught:
        act()
    return {"code": caught.value.code, **caught.value.params}


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("様式9!C4", "form_sheet_unknown"), ("様式2!D5", "form_cell_merged"), ("様式2!C9", "form_cell_formula"),
        ("番号なし", "form_name_unknown"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_written_is_named_with_file_line_and_field(to: str, code: str) -> None:
    found = refused(f'{HEAD}\n[[cell]]\nfield = "summary"\nto = "{to}"\n')
    assert (found["code"], found["file"], found["line"], found["field"]) == (code, "yoshiki2.toml", 4, "summary")
    if code == "form_cell_merged":
        assert found["cell"] == "C4"


def test_what_a_list_does_not_allow_is_refused() -> None:
    found = refused(f'{HEAD}\n[[cell]]\nfact = "nco_consent"\nto = "様式2!C6"\n', "調査中")
    assert (found["code"], found["field"], found["cell"]) == ("form_value_refused", "nco_consent", "C6")
    mark = f'{HEAD}\n[[cell]]\nfact = "nco_consent"\nis = "agree"\nto = "様式2!C6"\nwrite = "はい"\n'
    assert refused(mark)["code"] == "form_value_refused"


@pytest.mark.parametrize(
    ("text", "field", "line"),
    [
        ('form = "x"\nfile = "a.xlsx"\n[[cell]]\nfield = "summary"\nto = "A!A1"\n', "form", 1),
        ('form = "city_report"\nfile = "../a.xlsx"\n[[cell]]\nfield = "summary"\nto = "A!A1"\n', "file", 2),
        ('form = "city_report"\nfile = "a.xlsx"\n\n[[cell]]\nfield = "nothing"\nto = "A!A1"\n', "field", 5),
        ('form = "city_report"\nfile = "a.xlsx"\n\n[[cell]]\nfield = "summary"\nto = "A!A0"\n', "to", 6),
        ('form = "city_report"\nfile = "a.xlsx"\n[[cell]]\nfield = "summary"\nto = "A!A1"\nsize = "9"\n', "size", 6),
        ('form = "city_report"\nfile = "a.xlsx"\neditions = ["1999-01-01"]\n[[cell]]\n', "editions", 3),
        ('form = "city_report"\nfile = "a.xlsx"\n[[cell]]\nfact = "head_count"\nis = "1"\nto = "A!A1"\n', "is", 5),
    ],
)  # fmt: skip
def test_a_mapping_with_a_mistake_names_file_line_and_field(text: str, field: str, line: int) -> None:
    with pytest.raises(Invalid, match="form_mapping_invalid") as caught:
        mapping_from(text, "m.toml", FORMS, FACTS)
    assert (caught.value.params["file"], caught.value.params["field"]) == ("m.toml", field)
    assert caught.value.params["line"] == line
    with pytest.raises(Invalid, match="form_mapping_not_toml") as broken:
        mapping_from("form = \n", "m.toml", FORMS, FACTS)
    assert broken.value.params["line"] == 1


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    mapping = mapped()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    for content in (b"", b"PK\x03\x04", b"D0CF11E0", bomb.getvalue()):
        with pytest.raises(Invalid, match="form_unreadable"):
            check_form(content, mapping)
