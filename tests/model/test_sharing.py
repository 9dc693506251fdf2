"""Which values of detections may link hosts: hashes, URLs, accounts of persons; never what is everybody's."""

import hashlib

import pytest

from csirt.model.sharing import MOST, Share, shares_of

SHA = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(
    ("user", "account"),
    [
        ("NARUTO\\yamada", "yamada"),
        ("Yamada", "yamada"),
        ("yamada@city.naruto.example", "yamada@city.naruto.example"),
        ("管理太郎", "管理太郎"),
        ("NT AUTHORITY\\SYSTEM", None),
        ("Administrator", None),
        ("NARUTO\\admin", None),
        ("root", None),
        ("PC-7$", None),
        ("S-1-5-18", None),
        ("-", None),
        ("ab", None),
        ("[masked:my_number]", None),
        (None, None),
    ],
)
def test_accounts_of_persons_link_and_those_of_services_do_not(user: str | None, account: str | None) -> None:
    assert shares_of(2, user, ()) == ((Share("account", account),) if account else ())


@pytest.mark.parametrize(
    ("kind", "value", "share"),
    [
        ("sha256", SHA.upper(), Share("hash", SHA)),
        ("hash", SHA[:32], Share("hash", SHA[:32])),
        ("md5", hashlib.md5(b"", usedforsecurity=False).hexdigest(), None),  # that of an empty file
        ("sha1", "not a hash", None),
        ("url", "https://bad.example/a?b#c", Share("url", "https://bad.example/a?b")),
        ("url", "https://bad.example/", None),
        ("url", "bad.example/a", None),
        ("url", "https://bad.example/?id=7", Share("url", "https://bad.example/?id=7")),
        ("url", "http://[2001:db8::1]/x", Share("url", "http://[2001:db8::1]/x")),
        ("url", "https://bad.example/[masked:secret]", None),
        ("domain", "bad.example", None),
        ("file", SHA, None),
    ],
)
def test_hashes_and_whole_urls_link_and_domains_do_not(kind: str, value: str, share: Share | None) -> None:
    assert shares_of(1, None, [(kind, value)]) == ((share,) if share else ())


def test_an_event_without_harm_links_nothing_and_what_links_is_bounded_and_in_order() -> None:
    assert shares_of(0, "yamada", [("sha256", SHA)]) == ()
    many = [("url", f"https://bad.example/{n}") for n in range(99)]
    assert len(shares_of(2, "yamada", many)) == MOST
    assert shares_of(2, "yamada", many) == shares_of(2, "yamada", many[::-1])


def test_an_account_is_not_kept_in_the_clear_where_only_sorting_looks_and_a_url_is_shown_defanged() -> None:
    assert "yamada" not in Share("account", "yamada").key
    assert Share("account", "yamada").key != Share("url", "yamada").key
    assert Share("url", "https://bad.example/a").text == "hxxps://bad[.]example/a"
