"""XML by a mapping: documents, lists of records, what stands around a record, and what is refused."""

import pytest

from csirt.model.detection import Detection, Unreadable
from csirt.model.ports import Reader
from csirt.readers import formats
from csirt.readers.formats import as_row, reader_of
from csirt.readers.mapping_files import read_mapping
from csirt.readers.vendor_lines import Vendors
from tests.readers.examples import given
from tests.readers.growth import in_proportion

MAPPING = """input = "xml"
format = "scan"
name = "Scan"
lists = ["Report.Host.Item"]

[[recognise]]
has = ["@severity"]
all = [{ path = "@root", is = ["scan"] }]

[fields]
id = ["@id"]
title = ["title"]
host = ["@outer.@name"]
category = ["@outer.@outer.@outer.@version"]
signature = ["note.@text", "note"]

[severity]
of = ["@severity"]
bands = [[0, 0], [3, 2]]

[observables]
cve = ["cve"]
system = ["@outer.os"]
"""
ITEM = '<Item id="1" severity="3"><title>a &lt; b</title><cve>A</cve><cve>B</cve><note lang="ja">x</note></Item>'
WHOLE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<n:Scan xmlns:n="urn:x" version="2"><!-- c --><Report><Host name="pc-1">'
    f'<os>Windows</os>{ITEM}<Item id=\'2\' severity=\'0\'/></Host><Host name="pc-2"><Item id="3" severity="1">'
    "<title>t</title></Item></Host></Report></n:Scan>"
)


def reader(mapping: str = MAPPING) -> Reader:
    return reader_of(mapping.encode(), "scan.toml")


def rows(data: bytes) -> list[tuple[object, ...]]:
    found = [as_row(one) for one in reader().read(data)]
    return [(row["i"], row.get("id") or row.get("error"), row.get("host") or row.get("reason")) for row in found if row]


def test_records_in_a_list_know_what_stands_around_them() -> None:
    assert reader().recognises(WHOLE.encode())
    assert rows(WHOLE.encode()) == [(0, "1", "pc-1"), (1, "2", "pc-1"), (2, "3", "pc-2")]
    first, second, _ = reader().read(WHOLE.encode())
    assert isinstance(first.result, Detection)
    assert (first.result.title, first.result.level, first.result.category) == ("a < b", 2, "2")
    assert first.result.observables == {"cve": ("A", "B"), "system": ("Windows",)}
    assert first.result.signature == "x"
    assert (first.raw, second.raw) == (ITEM.encode(), b"<Item id='2' severity='0'/>")


def test_several_documents_also_behind_headers_of_syslog() -> None:
    line = "<29>1 2026-11-30T02:10:00Z h a - - - " + WHOLE.replace("\n", "")
    assert reader().recognises(line.encode())
    assert [one[0] for one in rows("\n".join([line] * 2).encode())] == list(range(6))
    assert [one[0] for one in rows(WHOLE.encode() + WHOLE.encode())] == list(range(6))


@pytest.mark.parametrize("charset", ["Shift_JIS", "EUC-JP", "UTF-16", "ISO-8859-1"])
def test_a_charset_that_is_declared(charset: str) -> None:
    title = "café" if charset == "ISO-8859-1" else "表示ソフト"
    text = WHOLE.replace("UTF-8", charset).replace("a &lt; b", title)
    first, *_ = reader().read(text.encode("cp932" if charset == "Shift_JIS" else charset))
    assert isinstance(first.result, Detection)
    assert charset == "ISO-8859-1" or first.result.title == title


def test_a_broken_document_costs_itself_only() -> None:
    broken = '<?xml version="1.0"?><Scan><a></Scan>'
    entities = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><Scan>&d;</Scan>'
    found = rows("\n".join([broken, WHOLE, entities, WHOLE.partition("<Host")[0], "", WHOLE]).encode())
    assert [one[1] for one in found] == ["not_xml", "1", "2", "3", "not_xml", "not_xml", "1", "2", "3"]
    assert [one.result for one in reader().read(b"no markup")] == [Unreadable("not_xml", "byte 0")]


@pytest.mark.parametrize("declared", ["x-none", "shift_jis", "utf-8\xff"])
def test_a_charset_that_nobody_knows_or_that_comes_too_late_is_quarantined(declared: str) -> None:
    """The first document says how all are read."""
    later = WHOLE.replace("UTF-8", declared).encode("latin-1")
    read = list(reader().read(WHOLE.encode() + b"\n" + later))
    assert [isinstance(one.result, Detection) for one in read[:3]] == [True, True, True]
    assert isinstance(read[3].result, Unreadable)
    assert read[3].result.code == "not_xml"


def test_bounds() -> None:
    deep = b"<Scan>" + b"<a>" * 40 + b"</a>" * 40 + b"</Scan>"
    wide = b"<Scan><Report><Host><Item severity='1'>" + b"<a/>" * 6000 + b"</Item></Host></Report></Scan>"
    long = b"<Scan><Report><Host><Item severity='1'>" + b"x" * 2_000_000 + b"</Item></Host></Report></Scan>"
    for data, code in ((deep, "too_deep"), (wide, "too_many_keys"), (long, "record_too_large")):
        (record,) = reader().read(data)
        assert isinstance(record.result, Unreadable)
        assert record.result.code == code


@pytest.mark.parametrize(
    "piece", ["<a>", "<Item severity='1'/>", '<?xml version="1.0"?><Scan>', "<", "<Scan></Scan>", "x<a"]
)
def test_time_grows_in_proportion(piece: str) -> None:
    def read(pieces: int) -> None:
        list(reader().read(("<Scan><Report><Host>" * piece.startswith("<Item") + piece * pieces).encode()))

    assert in_proportion(read, 2_000, 40_000)


CEF = "<134>Nov 30 11:10:00 fw CEF:0|Vendor|FW|1|100|Virus found|7|src=10.0.0.9 dst=192.0.2.1"
EPO = given("trellix-epo-xml").decode().strip().partition("\n")[0]
OTHER = "<30>Nov 30 11:10:01 web nginx: <html> is no record of ours"


def test_xml_on_a_line_among_others_is_read_as_what_it_is_and_costs_the_others_nothing() -> None:
    """A listener for syslog reads what several products send as lines; of an antivirus in XML nothing may be lost."""
    for order in ([CEF, EPO, OTHER], [EPO, OTHER, CEF], [OTHER, EPO, CEF]):
        found = [one.result for one in formats.read("\n".join(order).encode())]
        assert {getattr(one, "format", "") for one in found} == {"cef", "trellix-epo-xml", "syslog"}
        assert [isinstance(one, Detection) for one in found] == [one is not OTHER for one in order]


def test_the_listener_for_syslog_reads_xml() -> None:
    [one] = formats.choose(b"", "syslog").read(EPO.encode())
    assert isinstance(one.result, Detection)
    assert (one.result.format, one.result.host) == ("trellix-epo-xml", "PC-EPO2")


def test_a_line_with_several_records_is_kept_to_be_read_as_xml() -> None:
    vendors = Vendors([read_mapping(MAPPING.encode(), "scan.toml")])
    assert vendors.judge("<29>1 2026-11-30T02:10:00Z h a - - - " + WHOLE.replace("\n", "")) == Unreadable(
        "too_many_records", "XML of one line"
    )
    assert vendors.judge(OTHER) is None


def test_a_document_over_several_lines_behind_a_header_is_read_as_xml_as_before() -> None:
    text = "<29>1 2026-11-30T02:10:00Z h a - - - " + WHOLE.replace("<note", "\nsome text\n<note")
    assert reader().recognises(text.encode())


@pytest.mark.parametrize("piece", ["<?xml <a", "<a ", "<a><?xml version='1.0'?>", "<Scan><Report>", "x<a></a>"])
def test_lines_that_pretend_to_hold_xml_cost_time_in_proportion(piece: str) -> None:
    vendors = Vendors([read_mapping(MAPPING.encode(), "scan.toml")])
    assert in_proportion(lambda pieces: vendors.judge(piece * pieces), 1_000, 20_000)
