"""Mail as Japan writes it: charsets that are declared rightly, wrongly or not at all, and labelled lines."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.detection import Detection, NotADetection, Unreadable
from csirt.readers.charsets import to_text
from csirt.readers.formats import read, reader_of
from csirt.readers.letters import Letter, labels, read_letter

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
WORDS = "端末で不審な通信を検知しました。至急ご確認ください。"


@pytest.mark.parametrize("real", ["utf-8", "euc_jp", "cp932", "iso2022_jp"])
@pytest.mark.parametrize(
    "declared", [None, "utf-8", "euc-jp", "Shift_JIS", "iso-2022-jp", "us-ascii", "x-unknown", "zip"]
)
def test_japanese_is_read_whatever_was_declared(real: str, declared: str | None) -> None:
    assert to_text(WORDS.encode(real), declared) == WORDS


def test_signs_of_windows_are_read_in_every_charset() -> None:
    assert to_text(b"\x1b$B-!F|K\\\x1b(B", "iso-2022-jp") == "①日本"
    assert to_text(b"\xad\xa1\xc6\xfc\xcb\xdc", "euc-jp") == "①日本"
    assert to_text("①日本㈱".encode("cp932"), "shift_jis") == "①日本㈱"
    assert to_text(b"\x1b(I12\x1b(B x", "iso-2022-jp") == "ｱｲ x"


@given(st.binary(max_size=300), st.none() | st.text(max_size=20))
def test_no_bytes_break_it(raw: bytes, declared: str | None) -> None:
    text = to_text(raw, declared)
    assert "\0" not in text
    text.encode()


@given(st.binary(max_size=400))
def test_no_bytes_break_a_letter(raw: bytes) -> None:
    found = read_letter(b"Subject: =?iso-2022-jp?B?" + raw + b"?=\r\nContent-Type: multipart/mixed; x=\r\n" + raw)
    assert isinstance(found, Letter | Unreadable)
    if isinstance(found, Letter):
        json.dumps(found.facts())


def test_a_mail_of_many_layers_is_refused_at_once() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(5_000))
    assert read_letter(b"From: a@b\n" + deep) == Unreadable("too_deep", "more than 64 parts")


def test_labels_as_socs_write_them() -> None:
    text = "■検知日時：2026/06/10\n【送信元IP】 203.0.113[.]45\n[Host] : NRT\n"
    text += "・URL： hxxps://evil[.]example/\n◆端末名\n  A1\n本文です"
    assert dict(labels(text)) == {
        "検知日時": ["2026/06/10"],
        "送信元IP": ["203.0.113.45"],
        "Host": ["NRT"],
        "URL": ["https://evil.example/"],
        "端末名": ["A1"],
    }


def letter(subject: str, sender: str, text: str, more: str = "") -> bytes:
    head = f"From: {sender}\nTo: desk@city.example\nSubject: {subject}\nDate: Wed, 10 Jun 2026 10:20:00 +0900\n{more}\n"
    return head.encode() + text.encode()


def test_a_bounce_is_no_detection_and_a_letter_of_a_person_is_one() -> None:
    (bounce,) = read(letter("Returned mail", "MAILER-DAEMON@city.example", "x"))
    assert bounce.result == NotADetection("mail", "bounce")
    (person,) = read(letter("PCの画面に脅迫文が出ています", "zei0142@city.example", "助けてください"))
    assert isinstance(person.result, Detection)
    assert (person.result.title, person.result.level) == ("PCの画面に脅迫文が出ています", 1)
    assert person.result.user == "zei0142@city.example"


def test_a_drill_raises_no_alarm() -> None:
    (found,) = read(letter("【訓練】検知通知", "soc@pref.example", "■検知名：ランサムウェア\n■重大度：緊急\n"))
    assert isinstance(found.result, Detection)
    assert (found.result.level, found.result.observables["no_alarm"]) == (0, ("drill",))


def test_a_citys_own_rule_file_reads_its_socs_layout() -> None:
    rule = """
        input = "mail"
        format = "soc-x"
        name = "SOC X"
        [[recognise]]
        has = ["labels.受付"]
        all = [{ path = "from", holds = ["@soc-x.example"] }]
        [fields]
        id = ["labels.受付"]
        title = ["labels.事象"]
        [time]
        of = ["labels.時刻"]
        without_offset = "+09:00"
        [severity]
        of = ["labels.ランク"]
        level = { "A" = 3, "B" = 2 }
        """
    text = "受付: X-1\n事象: 横展開の疑い\n時刻: 令和8年6月10日 10:12\nランク: B\n"
    (found,) = reader_of(rule.encode(), "soc-x.toml").read(letter("x", "a@soc-x.example", text))
    assert isinstance(found.result, Detection)
    assert (found.result.id, found.result.title, found.result.level) == ("X-1", "横展開の疑い", 2)
    assert str(found.result.time_utc) == "2026-06-10 01:12:00+00:00"
    (other,) = reader_of(rule.encode(), "soc-x.toml").read(letter("別の件", "b@elsewhere.example", text))
    assert isinstance(other.result, Detection)
    assert other.result.title == "別の件"


def sample_mails() -> list[str]:
    return sorted(f"{file.parent.name}/{file.name}" for file in SAMPLES.glob("mail-*/*.eml"))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of samples is not here")
@pytest.mark.parametrize("name", sample_mails())
def test_real_mails_are_read_as_they_were_written(name: str) -> None:
    wanted = json.loads((SAMPLES / "expected.json").read_text("utf-8"))["files"][name]
    found = read_letter((SAMPLES / name).read_bytes())
    assert isinstance(found, Letter)
    assert found.subject == wanted["mail"]["subject"]
    for part, address in (("from", found.sender), ("to", found.receiver)):
        bare = wanted["mail"].get(part, "").split("<")[-1].strip("<>")
        assert bare in address
    texts = [one for one in wanted["mail"].get("parts", []) if one["type"] == "text/plain" and one.get("decoded_chars")]
    words = texts[0]["decoded_start"].split()[:-1] if texts else []
    assert " ".join(found.texts).split()[: len(words)] == words
    for key, value in wanted.get("feedback_report", {}).items():
        assert str(found.report[key.lower()]).split() == value.split()
