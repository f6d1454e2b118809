from collections.abc import Iterator

import pytest
from tests.support.device_service import Service, running


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as started:
        started.codes["7KQF-9XPM-2WTD"] = ""
        yield started
