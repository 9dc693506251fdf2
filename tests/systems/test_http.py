"""Signed orders over HTTP: right or not at all, once for each key, nowhere but where allowed, secrets to nobody."""

import json
import traceback
from pathlib import Path

import pytest

from csirt.errors import Invalid, Unavailable
from csirt.model.order import Order, OrderKind
from csirt.playbook.connectors import Systems
from csirt.playbook.http_connector import signature
from tests.notifications.certificates import make_certificates
from tests.systems.conftest import Make
from tests.systems.outside import SECRET, Outside, outside, sent_key

CLOUD = """
[[system]]
name = "security-cloud"
kind = "http"
does = ["block", "unblock"]
url = "$URL/api/orders"
secret = "env:TEST_CLOUD_KEY"
timeout = 1.5
never = ["10.0.0.0/8", "*.city.example", "2001:db8::/32"]
check = "/api/health"
"""


def block(systems: Systems, *targets: str, key: str = "r-1:block_addresses", reason: str = "") -> dict[str, object]:
    said = systems.act(Order(OrderKind.BLOCK, targets or ("203.0.113.9",), "i-1", key, reason))
    assert isinstance(said, dict)
    assert isinstance(said["systems"], list)
    (one,) = said["systems"]
    assert isinstance(one, dict)
    return {**one, "malformed": said["malformed"]}


def test_an_order_arrives_signed_and_its_answer_is_kept(make: Make, cloud: Outside) -> None:
    said = block(make(CLOUD, cloud.url), "203.0.113.9", "evil.example")
    assert (said["code"], said["detail"]) == ("201", {"order": "o-1"})
    (seen,) = cloud.seen
    assert seen["right"]
    assert seen["path"] == "/api/orders"
    assert SECRET.decode() not in repr(seen)
    content = json.loads(seen["body"])
    assert content["targets"] == ["203.0.113.9", "evil.example"]
    assert (content["order"], content["incident"]) == ("block", "i-1")
    assert seen["headers"]["idempotency-key"] == sent_key("r-1:block_addresses:security-cloud")


@pytest.mark.parametrize("part", ["method", "path", "stamp", "key", "body"])
def test_every_part_of_a_request_is_signed(part: str) -> None:
    whole = {"method": "POST", "path": "/a", "stamp": "1", "key": "k", "body": b"b"}
    other = {**whole, part: b"x" if part == "body" else "x"}
    assert signature(b"s", **whole) != signature(b"s", **other)  # type: ignore[arg-type]


def test_the_same_key_takes_effect_once_though_the_line_broke(make: Make, cloud: Outside) -> None:
    systems = make(CLOUD, cloud.url)
    cloud.behave = "drop"
    with pytest.raises(Unavailable, match="system_outcome_unknown") as caught:
        block(systems)
    assert not caught.value.permanent
    assert block(systems)["code"] == "201"
    assert len(cloud.seen) == 2
    assert len(cloud.effects) == 1


@pytest.mark.parametrize(
    ("behave", "code", "permanent"),
    [
        ("redirect", "system_redirected", True),
        ("refuse", "system_refused", True),
        ("hang", "system_outcome_unknown", False),
    ],
)
def test_what_did_not_work_is_said_by_its_code(
    make: Make, cloud: Outside, behave: str, code: str, permanent: bool
) -> None:
    cloud.behave = behave
    with pytest.raises(Unavailable, match=code) as caught:
        block(make(CLOUD, cloud.url))
    assert caught.value.permanent is permanent
    assert cloud.effects == {}


def test_a_system_that_is_down_may_come_back(make: Make, cloud: Outside) -> None:
    cloud.failures = 1
    systems = make(CLOUD, cloud.url)
    with pytest.raises(Unavailable, match="system_refused") as caught:
        block(systems)
    assert not caught.value.permanent
    assert block(systems)["code"] == "201"
    with pytest.raises(Unavailable, match="system_unreachable"):
        block(make(CLOUD.replace("$URL", "http://127.0.0.1:9"), "http://127.0.0.1:9"))


def test_an_endless_answer_is_cut_off_and_an_echoed_secret_masked(make: Make, cloud: Outside) -> None:
    systems = make(CLOUD, cloud.url)
    cloud.behave = "endless"
    assert len(str(block(systems)["detail"])) == 64 * 1024
    cloud.behave = "echo"
    detail = str(block(systems)["detail"])
    assert "[masked:secret]" in detail
    assert SECRET.decode() not in detail


def test_what_must_never_be_acted_upon_is_spared(make: Make, cloud: Outside) -> None:
    systems = make(CLOUD, cloud.url)
    said = block(systems, "203.0.113.9", "10.1.2.3", "www.city.example", "2001:db8::1", "10.0.0.0/7", "-rf /", "a\nb")
    assert said["targets"] == ["203.0.113.9"]
    assert said["spared"] == ["10.1.2.3", "www.city.example", "2001:db8::1", "10.0.0.0/7"]
    assert said["malformed"] == ["-rf /", "a\nb"]
    assert block(systems, "10.1.2.3", key="other")["code"] == "all_spared"
    assert len(cloud.seen) == 1
    for targets in ((), ("--flag",), tuple(f"h{n}" for n in range(101))):
        with pytest.raises(Invalid):
            systems.act(Order(OrderKind.BLOCK, targets, "i-1", "k"))


def test_what_takes_back_needs_a_reason_and_no_system_no_effect(make: Make, cloud: Outside) -> None:
    systems = make(CLOUD, cloud.url)
    with pytest.raises(Invalid, match="reason_missing"):
        systems.act(Order(OrderKind.UNBLOCK, ("203.0.113.9",), "i-1", "k", " "))
    systems.act(Order(OrderKind.UNBLOCK, ("203.0.113.9",), "i-1", "k", "誤検知。連絡先 123456789018"))
    assert "123456789018" not in cloud.seen[0]["body"].decode("unicode_escape")
    with pytest.raises(Unavailable, match="system_none_for") as caught:
        systems.act(Order(OrderKind.ISOLATE, ("pc-1",), "i-1", "k"))
    assert caught.value.permanent


FAULTY = [
    ("url", '"http://user:pw@127.0.0.1/"', "system_malformed"),
    ("url", '"ftp://127.0.0.1/"', "system_malformed"),
    ("url", '"https://other.example/"', "system_not_allowed"),
    ("url", '"http://soc.pref.example/"', "system_not_encrypted"),
    ("secret", '"the-very-secret"', "secret_not_a_reference"),
    ("kind", '"shell"', "system_malformed"),
    ("does", '["explode"]', "system_malformed"),
    ("does", "[]", "system_malformed"),
    ("timeout", "-1", "system_malformed"),
    ("timeout", "true", "system_malformed"),
    ("auth", '"none"', "system_malformed"),
    ("networks", '["nowhere"]', "system_malformed"),
    ("paths", '{isolate = "/x"}', "system_malformed"),
    ("paths", '{block = "no-slash"}', "system_malformed"),
    ("colour", '"red"', "system_malformed"),
    ("ca_file", '"/no/such/file.pem"', "ca_file_unreadable"),
    ("name", '"Bad Name"', "system_malformed"),
]


@pytest.mark.parametrize(("key", "value", "code"), FAULTY)
def test_a_faulty_entry_is_refused_by_system_and_key(make: Make, key: str, value: str, code: str) -> None:
    good = {
        "name": '"cloud"', "kind": '"http"', "does": '["block"]', "url": '"https://soc.pref.example/"',
        "secret": '"env:X"',
    }  # fmt: skip
    lines = "\n".join(f"{name} = {text}" for name, text in {**good, key: value}.items())
    allow = '[allow]\nhosts = ["soc.pref.example:443", "soc.pref.example:80"]\n'
    with pytest.raises(Invalid, match=code) as caught:
        make(f"{allow}[[system]]\n{lines}\n")
    assert "the-very-secret" not in str(caught.value)


def test_a_name_leads_neither_home_nor_out_of_its_networks(make: Make, cloud: Outside) -> None:
    port = cloud.url.rpartition(":")[2]
    entry = CLOUD.replace("$URL", f"http://localhost:{port}")
    assert block(make(entry, f"http://localhost:{port}"))["code"] == "201"
    with pytest.raises(Unavailable, match="system_not_allowed"):
        block(make(entry + 'networks = ["10.20.0.0/16"]\n', f"http://localhost:{port}"))


@pytest.mark.parametrize(("reference", "code"), [("env:NOT_SET", "secret_missing"), ("file:/no/file", "secret_missing"),
                                                 ("credential:x", "secret_missing")])  # fmt: skip
def test_a_secret_that_is_not_there_is_said(make: Make, cloud: Outside, reference: str, code: str) -> None:
    with pytest.raises(Unavailable, match=code):
        block(make(CLOUD.replace("env:TEST_CLOUD_KEY", reference), cloud.url))


def test_a_secret_comes_from_a_file_that_is_its_owners_alone(make: Make, cloud: Outside, tmp_path: Path) -> None:
    file = tmp_path / "cloud.key"
    file.write_bytes(SECRET + b"\n")
    systems = make(CLOUD.replace("env:TEST_CLOUD_KEY", f"file:{file}"), cloud.url)
    file.chmod(0o644)
    with pytest.raises(Unavailable, match="secret_open_to_others"):
        block(systems)
    file.chmod(0o600)
    assert block(systems)["code"] == "201"


def test_the_secret_stands_in_no_error_and_no_description(
    make: Make, cloud: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    systems = make(CLOUD, cloud.url)
    for behave in ("redirect", "refuse", "hang"):
        cloud.behave = behave
        with pytest.raises(Unavailable) as caught:
            block(systems)
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.params)
        assert SECRET.decode() not in told
    assert SECRET.decode() not in repr(systems)
    assert SECRET.decode() not in caplog.text


def test_a_check_asks_and_orders_nothing(make: Make, cloud: Outside) -> None:
    systems = make(CLOUD, cloud.url)
    (checked,) = systems.check()
    assert (checked.ok, checked.code) == (True, "http_201")
    assert (cloud.seen[0]["path"], cloud.effects) == ("/api/health", {})
    cloud.behave = "refuse"
    assert [(one.ok, one.code) for one in systems.check()] == [(False, "system_refused")]


def test_a_token_instead_of_a_signature(make: Make, cloud: Outside) -> None:
    assert block(make(CLOUD + 'auth = "bearer"\n', cloud.url))["code"] == "201"
    assert cloud.seen[0]["headers"]["authorization"] == f"Bearer {SECRET.decode()}"
    assert "x-csirt-signature" not in cloud.seen[0]["headers"]


def test_a_certificate_is_believed_from_the_named_authority_only(make: Make, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    entry = CLOUD + f'ca_file = "{certificates.ca_file}"\n'
    with outside(certificates.server("right")) as system:
        assert block(make(entry, system.url))["code"] == "201"
        with pytest.raises(Unavailable, match="system_unreachable"):
            block(make(CLOUD, system.url))
    with outside(certificates.server("wrong")) as system:
        with pytest.raises(Unavailable, match="system_unreachable"):
            block(make(entry, system.url))
        assert system.effects == {}
