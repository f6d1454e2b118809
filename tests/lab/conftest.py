from collections.abc import Iterator

import pytest
from tests.support.lab import Lab, start_lab


@pytest.fixture(scope="session")
def lab_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with start_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(lab_process: Lab) -> Lab:
    """The lab of this session, begun anew."""
    lab_process.post("/reset?phones=40")
    lab_process.client.cookies.clear()
    return lab_process
