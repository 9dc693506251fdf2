"""What a detection carries is defanged: no program takes it for a link, an address or a mail address."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.detection import Detection
from csirt.model.observable import MOST, Observable, carried, defanged

_LIVE = re.compile(r"\bhttps?://|\b\d{1,3}(\.\d{1,3}){3}\b", re.IGNORECASE)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("url", "https://user@evil.example.com:8443/a.b?c=d.e", "hxxps://user[@]evil[.]example[.]com:8443/a.b?c=d.e"),
        ("url", "HTTP://192.0.2.7/x", "hxxp://192[.]0[.]2[.]7/x"),
        ("url", "ftp://files.example.org/a", "fxp://files[.]example[.]org/a"),
        ("url", "/checkin?a=1", "/checkin?a=1"),
        ("url", "evil.example.com/a.php", "evil[.]example[.]com/a.php"),
        ("domain", "evil.example.com", "evil[.]example[.]com"),
        ("domain", "*.例え.テスト", "*[.]例え[.]テスト"),
        ("address", "192.0.2.7", "192[.]0[.]2[.]7"),
        ("address", "2001:db8::1", "2001[:]db8[:][:]1"),
        ("sender", "a.b@evil.example", "a[.]b[@]evil[.]example"),
        ("command_line", "curl http://a.example/x -o y.exe", "curl hxxp://a[.]example/x -o y.exe"),
        ("file", "invoice.pdf.exe", "invoice.pdf.exe"),
        ("technique", "T1059.001", "T1059.001"),
        ("sha256", "9f86d081", "9f86d081"),
        ("seen_by_someone", "evil.example", "evil[.]example"),
    ],
)
def test_values_are_defanged_by_what_they_are(kind: str, value: str, text: str) -> None:
    assert defanged(kind, value) == text
    assert defanged(kind, text) == text


_PIECES = st.sampled_from(
    ["http://", "https://", "a", "evil", ".", "com", "@", "192.0.2.1", "/", ":", " ", "[.]", "例え", "::", "?", "="]
)


@given(st.sampled_from(["url", "domain", "file", "odd"]), st.lists(_PIECES, max_size=12).map("".join))
def test_nothing_live_is_left_and_twice_is_as_once(kind: str, value: str) -> None:
    text = defanged(kind, value)
    assert not re.search(r"\bhttps?://", text)
    assert defanged(kind, text) == text


def test_classes_come_first_and_free_text_and_what_is_too_much_are_left() -> None:
    found = carried(
        Detection(
            "x", "t", "", 2,
            observables={
                "url": tuple(f"http://h{n}.example" for n in range(99)), "description": ("Taro Yamada called",),
                "technique": ("T1486", "T1486", ""), "rsit": ("malicious-code/c2-server",), "attacked": ("pc-1",),
            },
        ),
        str.strip,
    )  # fmt: skip
    assert len(found) == MOST
    assert found[:2] == [Observable("rsit", "malicious-code/c2-server"), Observable("technique", "T1486")]
    assert {one.kind for one in found} == {"rsit", "technique", "url"}
