"""Accounts that may not be used any more, as each kind of server says it."""

from datetime import UTC, datetime

import pytest

from csirt.directory.attributes import Attributes
from csirt.directory.standing import shut

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
FILE_TIME_OF_NOW = int((NOW - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000


@pytest.mark.parametrize(
    ("attribute", "value", "why"),
    [
        ("userAccountControl", "512", ""),
        ("userAccountControl", "514", "account_disabled"),
        ("userAccountControl", "66050", "account_disabled"),
        ("userAccountControl", "nonsense", ""),
        ("accountExpires", "0", ""),
        ("accountExpires", "9223372036854775807", ""),
        ("accountExpires", str(FILE_TIME_OF_NOW), "account_expired"),
        ("accountExpires", str(FILE_TIME_OF_NOW + 600_000_000), ""),
        ("accountExpires", "9" * 40, ""),
        ("pwdAccountLockedTime", "000001010000Z", "account_disabled"),
        ("pwdAccountLockedTime", "20261122045900Z", ""),  # wrong passwords: it passes by itself
        ("pwdEndTime", "20261122045959Z", "account_expired"),
        ("pwdEndTime", "20261122050001.5Z", ""),
        ("pwdEndTime", "20269922050001Z", ""),
        ("shadowExpire", "-1", ""),
        ("shadowExpire", "1", "account_expired"),
        ("shadowExpire", "99999", ""),
        ("nsAccountLock", "TRUE", "account_disabled"),
        ("nsAccountLock", "false", ""),
    ],
)
def test_what_each_server_says(attribute: str, value: str, why: str) -> None:
    assert shut(Attributes({attribute: [value.encode()]}), NOW) == why
