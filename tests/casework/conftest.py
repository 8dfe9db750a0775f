"""Where messages go: into files of the test's own, or to a gateway."""

import pytest

from casework.tell.by_gateway import ByGateway
from tests.casework.gateway import KEY, Gateway


@pytest.fixture
def outbox(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return settings.OUTBOX_DIR


@pytest.fixture
def gateway():
    found = Gateway()
    yield found
    found.close()


@pytest.fixture
def by_gateway(gateway):
    adapter = ByGateway(url=gateway.url, key=KEY, timeout=1)
    return lambda channel: adapter
