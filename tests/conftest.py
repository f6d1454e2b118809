"""Fixtures of the whole suite."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Reference documents and public data that lie beside the repository, never in it."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED}: tests against published documents and data need it")
    return SHARED
