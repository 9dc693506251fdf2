"""The file: its passwords, and what happens when it is absent or nonsense."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csirt.directory.ldif import LdifDirectory, hashed
from csirt.directory.roles import Grant, Grants, read_roles
from csirt.errors import CsirtError, DirectoryUnavailable, Invalid
from csirt.model.people import Role
from tests.directory.conftest import ROLES, opaque

ENTRY = "dn: uid=a,dc=x\nobjectClass: inetOrgPerson\nuid: a\ncn: A\nsn: A\nuserPassword: {password}\n"


def in_text(folder: Path, text: str | bytes) -> LdifDirectory:
    file = folder / "people.ldif"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return LdifDirectory(file, ROLES, opaque)


@pytest.mark.parametrize(
    ("stored", "accepted"),
    [
        # Made with OpenSSL: digest of "open sesame" and the salt "12345678", then the salt.
        ("{SSHA}4R2Ix8tSvqJscFk1P+eodzAJ5tQxMjM0NTY3OA==", True),
        ("{SSHA256}09qZsXQwbl1lmdQSaMYKuBiqIhvXdM2zH57rBHDebuoxMjM0NTY3OA==", True),
        (hashed("open sesame", b"12345678"), True),
        (hashed("open sesame", b"12345678").replace("{SSHA512}", "{ssha512}"), True),
        (hashed("open sesamf", b"12345678"), False),
        ("open sesame", False),
        ("{CLEARTEXT}open sesame", False),
        ("{SSHA}", False),
        ("{SSHA512}AAAA", False),
        ("{SSHA512}not base64", False),
        ("{MD5}AAAA", False),
        ("", False),
    ],
)
def test_stored_passwords(tmp_path: Path, stored: str, accepted: bool) -> None:
    directory = in_text(tmp_path, ENTRY.format(password=stored))
    assert (directory.authenticate("a", "open sesame") is not None) is accepted


def test_somebody_without_a_password_cannot_sign_in(tmp_path: Path) -> None:
    directory = in_text(tmp_path, ENTRY.partition("userPassword")[0])
    assert directory.authenticate("a", "nobody") is None
    assert len(directory.people()) == 1


def test_an_edited_file_counts_at_once(tmp_path: Path) -> None:
    directory = in_text(tmp_path, ENTRY.format(password=hashed("first", b"12345678")))
    assert directory.authenticate("a", "first") is not None
    in_text(tmp_path, ENTRY.format(password=hashed("second", b"12345678")))
    assert directory.authenticate("a", "first") is None


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DirectoryUnavailable, match="directory_file_unreadable"):
        LdifDirectory(tmp_path / "absent.ldif", ROLES, opaque).people()


def test_a_value_in_another_file_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("taken")
    directory = in_text(tmp_path, ENTRY.format(password="x") + f"title:< file://{tmp_path}/secret\n")
    (person,) = directory.people().values()
    assert person.title == ""


@pytest.mark.parametrize("text", [b"nonsense", b"dn: x\nuid", b"dn:: \xff\xff\n\n", b"dn: a=b\ncn:: A\n\n", b"\xff"])
def test_nonsense_is_unavailable_and_shows_nothing(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(DirectoryUnavailable, match="directory_file_malformed") as caught:
        in_text(tmp_path, text).people()
    assert caught.value.permanent
    assert caught.value.params == {"file": "people.ldif"}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary()
    | st.lists(st.sampled_from(["dn", "uid", ":", " ", "\n", "a", "=", "<", "changetype", "-"])).map("".join)
)
def test_any_bytes_end_in_one_of_our_errors_or_in_people(tmp_path: Path, data: bytes | str) -> None:
    directory = in_text(tmp_path, data)
    try:
        assert directory.people() == {}
        assert directory.authenticate("a", "b") is None
    except CsirtError as error:
        assert isinstance(error, DirectoryUnavailable)  # noqa: PT017 - either end is right


def test_roles_are_read(tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text('[groups]\nCSIRT-Team = "responder"\n')
    assert read_roles(file) == Grants({"csirt-team": Grant(Role.RESPONDER)})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[groups]\na = "king"', "role_unknown"),
        ("[groups]\na = 3", "role_unknown"),
        ("groups = 3", "roles_malformed"),
        ("", "roles_malformed"),
        ("[", "roles_malformed"),
        (b"\xff", "roles_malformed"),
        (None, "roles_malformed"),
    ],
)
def test_roles_that_make_no_sense(tmp_path: Path, text: str | bytes | None, code: str) -> None:
    file = tmp_path / "roles.toml"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Invalid, match=code):
        read_roles(file)
