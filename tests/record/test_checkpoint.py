"""Checkpoints and keys: our own notes, the specification's form, and hostile ones."""

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.errors import CsirtError, Invalid, Untrusted
from csirt.record.checkpoint import (
    SigningKey,
    body,
    open_note,
    paper_line,
    parse_body,
    parse_verifier_key,
    sign,
    verifier_line,
)
from csirt.record.verify_record import Checkpoint

KEY = SigningKey.generate("record.example.lg.jp")
HEAD = Checkpoint(KEY.name, 42, hashlib.sha256(b"root").digest())
NOTE = sign(HEAD, KEY)

# A note made by Go's golang.org/x/mod/sumdb/note; it is part of that package's documentation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"


def test_the_body_is_three_lines() -> None:
    assert body(HEAD) == f"{KEY.name}\n42\n{base64.b64encode(HEAD.root).decode()}\n"
    assert parse_body(body(HEAD)) == HEAD
    assert paper_line(HEAD).split() == body(HEAD).split("\n")[:3]


def test_a_note_is_the_body_an_empty_line_and_a_signature_line() -> None:
    text, line = NOTE.decode().split("\n\n")
    assert text + "\n" == body(HEAD)
    dash, name, encoded = line.removesuffix("\n").split(" ")
    assert (dash, name) == ("\u2014", KEY.name)
    raw = base64.b64decode(encoded)
    assert raw[:4] == hashlib.sha256(KEY.name.encode() + b"\n\x01" + KEY.verifier.public).digest()[:4]
    assert len(raw) == 4 + 64


def test_a_note_opens_with_its_key_only() -> None:
    assert open_note(NOTE, KEY.verifier) == HEAD
    with pytest.raises(Untrusted):
        open_note(NOTE, SigningKey.generate(KEY.name).verifier)
    with pytest.raises(Untrusted):  # the origin must be the name of the key
        open_note(NOTE.replace(KEY.name.encode() + b"\n42", b"other\n42"), KEY.verifier)


def test_a_signature_has_one_spelling_only() -> None:
    text = NOTE.decode()
    last = text[-3]  # the sign before "=" and the newline; two of its six bits are spare
    for spare in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/":
        if spare != last:
            with pytest.raises(Untrusted):
                open_note(f"{text[:-3]}{spare}=\n".encode(), KEY.verifier)


def test_two_keys_sign_while_one_replaces_the_other() -> None:
    new = SigningKey.generate(KEY.name)
    note = sign(HEAD, KEY, new)
    assert open_note(note, KEY.verifier) == open_note(note, new.verifier) == HEAD


def test_signatures_of_unknown_keys_and_extension_lines_are_no_obstacle() -> None:
    assert open_note(NOTE + "\u2014 witness.example AAAAAAAA\n".encode(), KEY.verifier) == HEAD
    text = body(HEAD) + "extension\n"
    signature = base64.b64encode(KEY.verifier.id + KEY.private.sign(text.encode())).decode()
    assert open_note(f"{text}\n\u2014 {KEY.name} {signature}\n".encode(), KEY.verifier) == HEAD


def test_a_wrong_signature_beside_a_right_one_of_the_same_key_is_refused() -> None:
    bad = base64.b64encode(KEY.verifier.id + bytes(64)).decode()
    with pytest.raises(Untrusted):
        open_note(NOTE + f"\u2014 {KEY.name} {bad}\n".encode(), KEY.verifier)


@settings(deadline=None)
@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_no_changed_note_opens(place: int, change: int) -> None:
    bent = NOTE[:place] + bytes([NOTE[place] ^ change]) + NOTE[place + 1 :]
    with pytest.raises(CsirtError):
        open_note(bent, KEY.verifier)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode(errors="replace"))))
def test_hostile_notes_are_refused(note: bytes) -> None:
    with pytest.raises(CsirtError):
        open_note(note, KEY.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "\n1\n" + "A" * 43 + "=\n",
        "a b\n1\n" + "A" * 43 + "=\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a\n" + "9" * 5000 + "\n" + "A" * 43 + "=\n",
        "a\n999999999999\n" + "A" * 43 + "=\n",
        "a\n1\n" + "A" * 42 + "B=\n",
        "a\n1\n" + "A" * 44 + "\n",
        "a\n1\n" + "A" * 43 + "=",
        "a\n1\n" + "A" * 43 + "=\n\n",
        "a\n\u0661\n" + "A" * 43 + "=\n",
    ],
)
def test_malformed_bodies_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_body(text)


def test_keys_come_back_from_their_lines() -> None:
    assert parse_verifier_key(verifier_line(KEY.verifier)) == KEY.verifier
    again = SigningKey.parse(KEY.to_line() + "\n")
    assert again.verifier == KEY.verifier
    assert "PRIVATE" not in repr(again)


def test_keys_of_go_are_understood() -> None:
    assert SigningKey.parse(GO_SECRET).verifier == parse_verifier_key(GO_KEY)
    assert SigningKey.parse(GO_SECRET).to_line() == GO_SECRET


@settings(deadline=None)
@given(st.text(max_size=90))
def test_hostile_keys_are_refused(line: str) -> None:
    for read in (parse_verifier_key, SigningKey.parse):
        with pytest.raises(Invalid):
            read(line)


@settings(deadline=None)
@given(st.integers(0, len(GO_KEY) - 1), st.characters(codec="utf-8"))
def test_a_mistyped_key_is_refused(place: int, sign_: str) -> None:
    bent = GO_KEY[:place] + sign_ + GO_KEY[place + 1 :]
    if bent != GO_KEY:
        with pytest.raises(Invalid):
            parse_verifier_key(bent)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "端末", "a\n", "x" * 201])
def test_names_that_the_format_cannot_hold(name: str) -> None:
    with pytest.raises(Invalid):
        SigningKey.generate(name)


def test_only_a_key_with_the_origins_name_may_sign() -> None:
    for keys in ((), (SigningKey.generate("other"),)):
        with pytest.raises(Invalid):
            sign(HEAD, *keys)
