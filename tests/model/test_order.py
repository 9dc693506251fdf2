"""What must never be acted upon, however somebody outside manages to write it."""

import pytest

from csirt.errors import Invalid
from csirt.model.order import checked_targets, is_spared

NEVER = ("10.0.0.0/8", "2001:db8::/32", "*.city.example", "dc01", "admin")


@pytest.mark.parametrize(
    "target",
    [
        "10.1.2.3",
        "10.1.2.3:443",
        "10.1.2.3/login",
        "0::ffff:10.1.2.3",
        "0:0:0:0:0:ffff:0a01:0203",
        "0::ffff:10.0.0.0/104",
        "www.city.example",
        "WWW.City.Example.:8443",
        "www.city.example/a/b",
        "someone@mail.city.example",
        "DC01",
        "CITY\\admin",
        "Admin@naruto.lg.jp",
    ],
)
def test_what_is_spared_is_spared_in_every_spelling(target: str) -> None:
    assert checked_targets([target]) == ((target,), ())
    assert is_spared(target, NEVER)


@pytest.mark.parametrize("target", ["0.0.0.0/0", "203.0.0.0/8", "128.0.0.0/1", "2000::/3", "0::ffff:0.0.0.0/96"])
def test_a_network_that_holds_half_the_world_is_never_acted_upon(target: str) -> None:
    assert is_spared(target, ())


@pytest.mark.parametrize("target", ["203.0.113.9", "203.0.113.0/24", "evil.example:8443", "a.sato", "pc-0123", "12345"])
def test_the_attacker_is_not_spared(target: str) -> None:
    assert checked_targets([target])[0] == (target,)
    assert not is_spared(target, NEVER)


@pytest.mark.parametrize("target", ["010.1.2.3", "10.1.2.3.", "10.1", "10.0x1.2.3", "0x0a010203", "10.1.2.300"])
def test_an_address_that_each_program_reads_otherwise_is_no_target(target: str) -> None:
    with pytest.raises(Invalid, match="target_malformed"):
        checked_targets([target])
