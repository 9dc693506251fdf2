"""Fixtures of the notification tests."""

import pytest

from tests.notifications.certificates import Certificates, make_certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates made for this run."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))
