"""Apprise: addresses are secrets behind names, and only what the city allowed is used."""

from pathlib import Path

import pytest

from csirt.errors import DeliveryFailed, Invalid
from notifications.addresses import addresses_from
from notifications.apprise import AppriseChannel
from tests.notifications.worlds import message, web_server


@pytest.mark.parametrize("allowed", [[], ["json"], ["json:other.example"], ["slack"], ["jsons:127.0.0.1x"]])
def test_what_is_not_allowed_is_not_used(allowed: list[str]) -> None:
    with web_server() as server:
        channel = AppriseChannel("apprise", {"chat": f"json://127.0.0.1:{server.port}/in"}, allowed)
        with pytest.raises(DeliveryFailed, match="apprise_not_allowed") as failed:
            channel.send(message(address="chat"))
        assert server.posts == []
    assert failed.value.permanent


@pytest.mark.parametrize("address", ["", "unknown", "json://127.0.0.1/in"])
def test_a_contact_point_holds_a_name_and_never_an_address(address: str) -> None:
    channel = AppriseChannel("apprise", {"chat": "json://127.0.0.1/in"}, ["json:127.0.0.1"])
    with pytest.raises(DeliveryFailed, match="apprise_name_unknown"):
        channel.send(message(address=address))


def test_a_service_with_one_address_is_allowed_by_its_name() -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general"
    with pytest.raises(DeliveryFailed, match="apprise_not_allowed") as failed:
        AppriseChannel("apprise", {"chat": url}, ["msteams"]).send(message(address="chat"))
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in str(failed.value)


def test_the_file_of_addresses(tmp_path: Path) -> None:
    path = tmp_path / "apprise.toml"
    assert addresses_from(path) == {}
    path.write_text('chat = "json://host/in"\n')
    assert addresses_from(path) == {"chat": "json://host/in"}
    for broken in ("chat = 1\n", "chat = json://secret\n", b"\xff"):
        path.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
        with pytest.raises(Invalid, match="apprise_file_malformed") as failed:
            addresses_from(path)
        assert "secret" not in str(failed.value)
