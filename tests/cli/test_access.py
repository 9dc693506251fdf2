"""Access on the command line: the directory, sessions, second factors that are gone, the sealed account."""

from pathlib import Path
from typing import Any

import pyotp
import pytest

from csirt.bootstrap import wire
from csirt.cli.opening import person
from csirt.errors import NotSignedIn
from csirt.response import second_factor
from csirt.settings import Settings
from tests.cli.calling import call, city


def enrol(data: Path, uid: str) -> str:
    """Give somebody a second factor; its secret."""
    desk = wire(Settings(data=data), "cli")
    actor = person(desk, uid)
    secret = desk.commit(actor, second_factor.begin)
    now = int(desk.clock.now().timestamp()) // 30
    desk.commit(actor, second_factor.enrol, pyotp.TOTP(secret).generate_otp(now - 1))
    desk.close()
    return secret


def checked(data: Path, uid: str) -> list[dict[str, Any]]:
    """What the check says of an account."""
    return call("directory", "check", uid, "--json", "--data", data).rows[1:]


def test_the_directory_is_checked_and_says_what_an_account_gets_and_why(tmp_path: Path) -> None:
    data = city(tmp_path)
    rows = call("directory", "check", "--json", "--data", data).rows
    assert rows[0] == {"place": "people.ldif", "state": "ok", "reason": "", "ms": 0}
    found = [(row["code"], row["value"]) for row in rows[1:]]
    assert ("people", "15") in found
    assert ("grants", "csirt-officer → 情報セキュリティ担当") in found
    assert not [code for code, _ in found if code in {"unseen", "ambiguous", "doubled", "vacant"}]
    one = [
        (row["code"], row["value"]) for row in call("directory", "check", "K.Sato", "--json", "--data", data).rows[1:]
    ]
    assert ("group", "csirt-officer ⇒ 情報セキュリティ担当") in one
    assert ("point", "mail: k.sato@naruto.example") in one
    nobody = call("directory", "check", "nobody", "--json", "--data", data)
    assert (nobody.code, nobody.error["error"]) == (4, "person_unknown")
    assert ("state", "役割も職もないため、サインインできません") in [
        (row["code"], row["value"]) for row in checked(data, "i.matsumoto")
    ]
    assert call("directory", "refresh", "--json", "--data", data).row == {"people": 15, "posts": 9}


def test_a_directory_that_is_gone_ends_with_its_code(tmp_path: Path) -> None:
    data = city(tmp_path)
    (data / "people.ldif").unlink()
    assert call("directory", "check", "--json", "--data", data).code == 6


def test_the_sealed_accounts_password_is_shown_once(tmp_path: Path) -> None:
    data = city(tmp_path)
    made = call("sealed-account", "--json", "--data", data).row
    assert made["account"] == "break-glass"
    assert len(made["password"].replace("-", "")) == 25
    assert call("access", "end", "break-glass", "--json", "--data", data).row["sessions"] == 0


def test_a_reset_takes_two_on_the_command_line_too(tmp_path: Path) -> None:
    data = city(tmp_path)
    enrol(data, "k.sato")
    asked = call("access", "reset", "k.sato", "--as", "s.watanabe", "--reason", "紛失", "--json", "--data", data).row
    (row,) = call("access", "resets", "--json", "--data", data).rows
    assert (row["id"], row["name"]) == (asked["reset"], "佐藤 和也（情報担当係長）")
    own = call("access", "decide", row["id"], "--as", "s.watanabe", "--agree", "--json", "--data", data)
    assert (own.code, own.error["error"]) == (3, "four_eyes")
    assert call("access", "decide", row["id"], "--as", "o.sasaki", "--agree", "--json", "--data", data).code == 0
    assert call("access", "resets", "--json", "--data", data).rows == []
    assert call("access", "sessions", "--json", "--data", data).rows == []


def test_whoever_has_a_second_factor_shows_a_code_for_what_needs_a_fresh_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = city(tmp_path)
    secret = enrol(data, "k.sato")
    desk = wire(Settings(data=data), "cli")
    assert not person(desk, "k.sato").fresh
    assert person(desk, "y.tanaka").fresh
    monkeypatch.setenv("CSIRT_CODE", "000000")
    with pytest.raises(NotSignedIn, match="second_factor_wrong"):
        person(desk, "k.sato")
    monkeypatch.setenv("CSIRT_CODE", pyotp.TOTP(secret).generate_otp(int(desk.clock.now().timestamp()) // 30))
    assert person(desk, "k.sato").fresh
    desk.close()
