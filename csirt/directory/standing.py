"""May an account be used? Disabled and expired ones of OpenLDAP, 389 Directory Server and Active Directory. Pure."""

import re
from datetime import UTC, datetime, timedelta

from csirt.directory.attributes import Attributes

DISABLED, EXPIRED = "account_disabled", "account_expired"

_ACCOUNT_DISABLE = 0x2  # [MS-ADTS] 2.2.16
_NEVER = frozenset({0, 2**63 - 1})  # [MS-ADA1] 2.3: accountExpires
_FILE_TIME = datetime(1601, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCKED_FOR_EVER = "000001010000Z"  # draft-behera-ldap-password-policy-10, 5.3.3; another value passes by itself
_MOST = 10**18  # of a number that is a date of anybody's
_TIME = re.compile(r"(\d{14})(?:[.,]\d+)?Z")


def shut(attributes: Attributes, now: datetime) -> str:
    """Why an account may not be used (`account_disabled`, `account_expired`), or an empty text."""
    if _is_disabled(attributes):
        return DISABLED
    return EXPIRED if any(at is not None and at <= now for at in _ends(attributes)) else ""


def _is_disabled(attributes: Attributes) -> bool:
    control = _number(attributes.first("userAccountControl"))
    return (
        bool(control is not None and control & _ACCOUNT_DISABLE)
        or attributes.first("pwdAccountLockedTime") == _LOCKED_FOR_EVER
        or attributes.first("nsAccountLock").lower() == "true"
    )


def _ends(attributes: Attributes) -> tuple[datetime | None, ...]:
    expires, days = _number(attributes.first("accountExpires")), _number(attributes.first("shadowExpire"))
    file_time = None if expires is None or expires in _NEVER else _after(_FILE_TIME, microseconds=expires // 10)
    shadow = None if days is None or days < 0 else _after(_EPOCH, days=days)  # shadow(5): -1 means never
    return file_time, shadow, _generalised(attributes.first("pwdEndTime"))


def _after(begin: datetime, **span: int) -> datetime | None:
    try:
        return begin + timedelta(**span)
    except OverflowError:  # later than any calendar goes
        return None


def _number(text: str) -> int | None:
    plain = text.removeprefix("-")
    if not (plain.isascii() and plain.isdigit()) or len(plain) > len(str(_MOST)) + 1:
        return None
    return int(text)


def _generalised(text: str) -> datetime | None:
    """GeneralizedTime in UTC (RFC 4517, section 3.3.13), as password policies write it."""
    found = _TIME.fullmatch(text)
    try:
        return datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
