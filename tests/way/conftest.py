"""The whole demo, started once for the tests of this folder, and a browser to look at it.

WAY_DEMO=FOLDER looks at a demo that runs already with this VEDETTE_HOME (for work on these tests);
WAY_SHOTS=FOLDER keeps a picture of each step.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browser import running
from tests.support.demo import Demo, Running, demo_at
from tests.way.visit import Organisation

PHONES = 30


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The running demo; at the end it is stopped by Ctrl-C, and nothing of it may be left."""
    given = os.environ.get("WAY_DEMO")
    if given:
        yield demo_at(Path(given))
        return
    with Running(tmp_path_factory.mktemp("way"), PHONES) as running:
        yield demo_at(running.home)
    assert running.process.returncode == 0, running.output()
    assert running.left == [], "processes of the demo outlive it"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def first(demo: Demo) -> Organisation:
    """The organisation that the demo onboarded."""
    return organisation(demo, demo.facts["tenant"]["entra_tenant_id"])


@pytest.fixture(scope="session")
def untouched(demo: Demo) -> Organisation:
    """An organisation in which nothing is set up."""
    if os.environ.get("WAY_DEMO"):
        name = f"Fabrikam {uuid.uuid4().hex[:6]}"
        domain = f"{name.lower().replace(' ', '-')}.example"
        return organisation(demo, demo.post("/tenants", {"name": name, "domain": domain})["id"])
    return organisation(demo, demo.facts["fresh"]["entra_tenant_id"])


def organisation(demo: Demo, tenant_id: str) -> Organisation:
    """Give an organisation of the lab."""
    found = demo.get(f"/tenants/{tenant_id}")
    return Organisation(tenant_id, found["name"], found["guide"]["accounts"], found["guide"]["groups"])
