"""Mails in a folder: whole or not at all, one file a message."""

import email
from dataclasses import replace
from email.policy import default
from pathlib import Path

import pytest

from csirt.errors import DeliveryFailed
from notifications.folder import FolderChannel
from tests.notifications.worlds import message


def test_a_repeat_overwrites_its_forerunner(tmp_path: Path) -> None:
    channel = FolderChannel("folder", tmp_path / "out", sender="csirt@city.example")
    first = channel.send(message())
    second = channel.send(replace(message(), repeat=True))
    assert first.outside_id == second.outside_id == "e1.response.0.0.eml"
    (only,) = (tmp_path / "out").iterdir()
    assert email.message_from_bytes(only.read_bytes(), policy=default)["X-Csirt-Repeat"] == "possible"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "e1.response.0.0.eml").mkdir(parents=True)  # in the way of the name
    with pytest.raises(DeliveryFailed, match="folder_not_writable") as failed:
        FolderChannel("folder", folder, sender="csirt@city.example").send(message())
    assert failed.value.reply == "IsADirectoryError"
    assert [path.name for path in folder.iterdir()] == ["e1.response.0.0.eml"]


def test_a_malformed_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryFailed, match="address_malformed"):
        FolderChannel("folder", tmp_path / "out", sender="csirt@city.example").send(message(address="nobody"))
    assert not (tmp_path / "out").exists()
