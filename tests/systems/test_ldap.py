"""Accounts on a real directory server: locked, read back, unlocked, by a service account that may do nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from csirt.errors import Invalid, Unavailable
from csirt.model.order import Order, OrderKind
from csirt.playbook.connectors import Systems
from tests.directory import slapd
from tests.directory.conftest import PEOPLE, directory_of
from tests.systems.conftest import Make

pytestmark = pytest.mark.slapd

ENTRY = f"""
[[system]]
name = "directory"
kind = "ldap"
does = ["disable_account", "enable_account"]
urls = ["$URL"]
base = "{slapd.BASE}"
bind_dn = "{slapd.LOCKER}"
secret = "env:TEST_LOCKER"
shape = "openldap"
ca_file = "$CA"
never = ["a.kobayashi"]
timeout = 3
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slapd.Slapd]:
    if slapd.program("slapd") is None:
        pytest.skip("slapd is not installed")
    authority = slapd.Authority(tmp_path_factory.mktemp("authority"))
    with slapd.running(PEOPLE, tmp_path_factory.mktemp("slapd"), authority, slapd.RIGHT_HOST) as running:
        yield running


def systems_of(make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch, **changes: str) -> Systems:
    monkeypatch.setenv("TEST_LOCKER", slapd.READER_PASSWORD)
    toml = ENTRY.replace("$URL", server.tls_url).replace("$CA", str(server.ca_file))
    for before, after in changes.items():
        toml = toml.replace(f"{before} = ", f"{before} = {after} # ", 1)
    return make(toml)


def turn(systems: Systems, kind: OrderKind, *accounts: str) -> dict[str, object]:
    said = systems.act(Order(kind, accounts, "i-1", "k", "理由"))
    found = said["systems"][0]  # type: ignore[index, call-overload]
    assert isinstance(found, dict)
    return dict(found)


def changed(systems: Systems, kind: OrderKind, *accounts: str) -> object:
    detail = turn(systems, kind, *accounts)["detail"]
    assert isinstance(detail, dict)
    return detail["changed"]


OFF, ON = OrderKind.DISABLE_ACCOUNT, OrderKind.ENABLE_ACCOUNT


@pytest.mark.parametrize("shape", ["openldap", "ad"])
def test_an_account_is_locked_once_and_unlocked_again(
    make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    systems = systems_of(make, server, monkeypatch, shape=f'"{shape}"\naccount = "uid"')
    assert [(one.ok, one.code) for one in systems.check()] == [(True, "bound")]
    assert changed(systems, OFF, "k.sato", "m.takahashi") == ["k.sato", "m.takahashi"]
    assert changed(systems, OFF, "k.sato") == []
    assert changed(systems, ON, "k.sato", "m.takahashi") == ["k.sato", "m.takahashi"]
    assert changed(systems, ON, "k.sato") == []


def test_who_is_locked_cannot_sign_in_until_unlocked(
    make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    systems, directory = systems_of(make, server, monkeypatch), directory_of(server)
    assert directory.authenticate("k.sato", "k.sato-naruto") is not None
    turn(systems, OFF, "k.sato")
    assert directory.authenticate("k.sato", "k.sato-naruto") is None
    turn(systems, ON, "k.sato")
    assert directory.authenticate("k.sato", "k.sato-naruto") is not None


def test_who_is_not_there_or_is_ourselves_is_refused_and_who_must_not_be_is_spared(
    make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    systems = systems_of(make, server, monkeypatch)
    for account, code in (("nobody.here", "account_unknown"), ("locker", "account_own")):
        with pytest.raises(Unavailable, match=code) as caught:
            turn(systems, OFF, account)
        assert caught.value.permanent
    with pytest.raises(Unavailable, match="account_unknown"):
        turn(systems, OFF, "nobody.here", "k.sato")
    assert changed(systems, OFF, "k.sato") == []  # locked already, though the one before it was refused
    assert changed(systems, ON, "k.sato") == ["k.sato"]
    assert turn(systems, OFF, "a.kobayashi")["code"] == "all_spared"


def test_a_service_that_may_not_or_a_wrong_password_is_refused(
    make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = systems_of(make, server, monkeypatch, bind_dn=f'"{slapd.READER}"')
    with pytest.raises(Unavailable, match="directory_refused"):
        turn(reader, OFF, "k.sato")
    systems = systems_of(make, server, monkeypatch)
    monkeypatch.setenv("TEST_LOCKER", "wrong-canary")
    with pytest.raises(Unavailable, match="directory_refused") as caught:
        turn(systems, OFF, "k.sato")
    assert "canary" not in repr(caught.value)
    assert [one.code for one in systems.check()] == ["directory_refused"]


def test_a_server_that_is_not_there_may_come_back(
    make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    systems = systems_of(make, server, monkeypatch, urls='["ldaps://127.0.0.1:9"]')
    with pytest.raises(Unavailable, match="directory_unreachable") as caught:
        turn(systems, OFF, "k.sato")
    assert not caught.value.permanent


@pytest.mark.parametrize(("key", "value"), [("shape", '"other"'), ("base", '"no dn"'), ("does", '["block"]'),
                                            ("urls", '["ldap://dc.city.example"]'), ("urls", "[]")])  # fmt: skip
def test_a_faulty_entry_is_refused(
    make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    with pytest.raises(Invalid):
        systems_of(make, server, monkeypatch, **{key: value})


def test_the_password_stands_in_no_description(
    make: Make, server: slapd.Slapd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    systems = systems_of(make, server, monkeypatch)
    turn(systems, OFF, "k.sato")
    turn(systems, ON, "k.sato")
    assert slapd.READER_PASSWORD not in repr(systems)
