"""Masking cards and secrets, and cleaning lines."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.guard import CARD, MY_NUMBER, SECRET, clean_line, mask, mask_each


@pytest.mark.parametrize(
    "card",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "４１１１ー１１１１ー１１１１ー１１１１",
        "5555555555554444",
        "2221000000000009",
        "378282246310005",
        "3782 822463 10005",
        "30569309025904",
        "3056 930902 5904",
        "6205500000000000004",
        "3530111333300000",
    ],
)
def test_cards_are_masked(card: str) -> None:
    assert mask(f"カード {card} です") == f"カード {CARD} です"


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # fails Luhn
        "20261122091235",  # an instant that passes Luhn or not, begins with 20
        "1732266753123456",  # microseconds since 1970
        "490154203237518 is an IMEI",
        "41111111111111110000",  # twenty digits
        "4111 1111 1112",
    ],
)
def test_other_long_numbers_are_left_alone(text: str) -> None:
    assert mask(text) == text


SECRETS = [
    ("password=hunter2", "password=*"),
    ("user=x,password=hunter2,host=z", "user=x,password=*,host=z"),
    ("a?pass=hunter2&b=1", "a?pass=*&b=1"),
    ("db_passwd : hunter2 ok", "db_passwd : * ok"),
    ("PASSWORD=hun,ter2;x", "PASSWORD=*"),
    ('{"password": "hun\\"ter2", "n": 1}', '{"password": "*", "n": 1}'),
    ('{\\"password\\": \\"hunter2\\"}', '{\\"password\\": \\"*\\"}'),
    ("{'secret': 'hunter2 and more'}", "{'secret': '*'}"),
    ("client_secret=hunter2", "client_secret=*"),
    ("api-key: hunter2", "api-key: *"),
    ("X-Api_Key=hunter2", "X-Api_Key=*"),
    ("パスワード：hunter2", "パスワード：*"),
    ("暗証番号 = hunter2", "暗証番号 = *"),
    ("Authorization: Bearer hunter2hunter2", "Authorization: Bearer *"),
    ("Authorization: Basic aHVudGVyMg==", "Authorization: Basic *"),
    ("sent bearer hunter2hunter2 to", "sent bearer * to"),
    ("the token csd_hunter2hunter2 leaked", "the token * leaked"),
    ("https://taro:hunter2@example.jp/", "https://taro:*@example.jp/"),
    ("jwt eyJhbGciOiJ9.eyJodW50ZXIyIjoxfQ.hunter2_-x", "jwt *"),
    ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nend", "*\nend"),
    ("-----BEGIN PRIVATE KEY-----\nhunter2", "*"),
    ("PRIVATE+KEY+name+01234567+hunter2", "*"),
    ("İİ password=hunter2", "İİ password=*"),
]


@pytest.mark.parametrize(("text", "masked"), SECRETS)
def test_secrets_are_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask(text) == masked.replace("*", SECRET)
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "text", ["the password was changed", "bearer of news", "https://example.jp:8443/a", "csd_", "key"]
)
def test_words_alone_are_no_secrets(text: str) -> None:
    assert mask(text) == text


BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize("sign", BREAKS, ids=ascii)
def test_separators_become_blanks(sign: str) -> None:
    assert clean_line(f"a{sign}{sign}b") == "a b"


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\u061c", "\ud800"], ids=ascii)
def test_bidi_controls_and_lone_surrogates_are_shown(sign: str) -> None:
    assert clean_line(f"a{sign}b") == "a\ufffdb"


@pytest.mark.parametrize("sign", ["\0", "\x1b", "\x7f", "\x9b", "\t"], ids=ascii)
def test_control_characters_become_blanks(sign: str) -> None:
    assert clean_line(f"a{sign}b") == "a b"


def test_ordinary_text_stays_as_it_is() -> None:
    text = "不審メール（３件）〜 “quoted” café 👩‍💻 ﾊﾝｶｸ"
    assert clean_line(text) == text


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_can_be_a_subject_after_cleaning(text: str) -> None:
    line = clean_line(text)
    assert len((line + "x").splitlines()) == 1
    assert clean_line(line) == line
    message = EmailMessage()
    message["Subject"] = line
    assert b"Subject" in message.as_bytes()


def test_what_an_error_names_is_masked() -> None:
    said = mask_each({"incident": "R8-1 983205673214", "limit": 3, "file": "token=abcdefgh", "none": None})
    assert said == {"incident": f"R8-1 {MY_NUMBER}", "limit": 3, "file": f"token={SECRET}", "none": None}
