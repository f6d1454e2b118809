"""Fixtures of the whole suite: environment, Django, PostgreSQL, reference data."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.support import database as support
from tests.support.scenes import Scenes

SHARED = Path(__file__).resolve().parents[2] / "shared"
SETTINGS = "vedette.project.settings"

_trouble: list[Exception] = []

# A busy machine is no fault of the code: how long one example takes is not what Hypothesis tests here.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# What is imported and collected stays to the end: looking for garbage in it costs each worker seconds.
gc.disable()


def _wake() -> None:
    """Give this process a clean environment and Django, before any other conftest or test imports models."""
    for name in list(os.environ):
        if name.startswith("VEDETTE_") or name in {"DATABASE_URL", "DATABASE_URL_FILE"}:
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="vedette-test-home-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "VEDETTE_HOME": home,
        "VEDETTE_SECRET_KEY": "of tests only, and long enough for signing",
        "VEDETTE_ALLOW_PRIVATE_ADDRESSES": "1",
        "VEDETTE_PARTNER_SIMULATION": "1",
        "VEDETTE_DEMO": "1",
        # the lab does not count unless it is told to: no test waits a second for each call to conditional access
        "VEDETTE_GRAPH_LIMITS": "policy=1000/1",
    }
    try:
        import django  # noqa: PLC0415 after the environment

        django.setup()
        _keep_addresses()
    except Exception as error:  # noqa: BLE001 tests of pure code run all the same; the rest says why it cannot
        _trouble.append(error)


def _keep_addresses() -> None:
    """Another ROOT_URLCONF forgets no addresses: they are kept by its name, and reading them all costs 20 ms a test."""
    from django.core.signals import setting_changed  # noqa: PLC0415 after the environment
    from django.test.signals import root_urlconf_changed  # noqa: PLC0415 as above
    from django.urls import set_urlconf  # noqa: PLC0415 as above

    def changed(*, setting: str, **_more: object) -> None:
        if setting == "ROOT_URLCONF":
            set_urlconf(None)

    assert setting_changed.disconnect(root_urlconf_changed)
    setting_changed.connect(changed, weak=False)


# While this file is imported, not in a hook: conftest files below it are imported before any hook runs.
_wake()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses PostgreSQL, to be run again on another version; keep a browser's tests on one worker."""
    for item in items:
        if "database" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)
        if item.get_closest_marker("browser") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Collect garbage again, of the tests alone."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """End the browser that this worker's tests shared, where one of them had it."""
    if browser := sys.modules.get("tests.support.browser"):
        browser.end()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Reference documents and public data that lie beside the repository, never in it."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED}: tests against published documents and data need it")
    return SHARED


@pytest.fixture(scope="session")
def database() -> Iterator[support.Database]:
    """This worker's own database, migrated; the product's environment and Django point at it."""
    if _trouble:
        raise _trouble[0]
    from vedette.project.migrations import migrate  # noqa: PLC0415 needs Django

    with support.server() as server, support.database(server, migrate) as made:
        _point_at(made)
        yield made
        from django.db import connections  # noqa: PLC0415 needs Django

        connections.close_all()


@pytest.fixture(scope="session")
def scenes(database: support.Database) -> Scenes:
    """Scenes that are built once and put back; ask for `db` too, which empties the database afterwards."""
    return Scenes(database.keeper)


@pytest.fixture
def db(database: support.Database) -> Iterator[support.Database]:
    """The database, emptied after the test. Rows are committed, so other processes see them."""
    from vedette.foundation import circuit, throttle  # noqa: PLC0415 after the environment
    from vedette.web.limits import STRANGERS  # noqa: PLC0415 needs Django

    # all tests come from one address, one after the other, and many meet the same organisation
    STRANGERS.forget()
    throttle.forget()
    circuit.forget()
    yield database
    from django.db import connections  # noqa: PLC0415 needs Django

    connection = connections["default"]
    if connection.connection is not None and (connection.in_atomic_block or connection.errors_occurred):
        connection.close()
    database.empty()


@pytest.fixture
def move_clock() -> Iterator[Callable[[float], None]]:
    """Move the domain's clock by so many seconds from real time, in every process of this test."""
    from vedette.foundation import clock  # noqa: PLC0415 after the environment

    home = Path(os.environ["VEDETTE_HOME"])
    yield lambda seconds: clock.move(home, seconds)
    clock.move(home, 0)


def _point_at(made: support.Database) -> None:
    from django.db import connections  # noqa: PLC0415 needs Django

    from vedette.foundation import config  # noqa: PLC0415 after the environment

    os.environ["DATABASE_URL"], os.environ["VEDETTE_MIGRATE_URL"] = made.login_url, made.owner_url
    config.current.cache_clear()
    connections["default"].close()
    connections.databases["default"].update(config.django_database(made.login_url))
    del connections["default"]
