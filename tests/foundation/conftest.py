from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.foundation.graph_cloud import Cloud, configure
from tests.support.database import Database
from tests.support.http_server import certificate_for, serving

from vedette.foundation import config, registration, rls


@pytest.fixture(scope="session")
def _notes(database: Database) -> None:
    """A tenant table of the tests' own, protected by the same operations as the product's."""
    with database.owner() as owner:
        owner.execute("create table note (id int generated always as identity, tenant_id uuid, text text)")
        operation = rls.protect("note")
        for statement in operation.sql:
            assert isinstance(statement, str)
            owner.execute(statement.encode())


@pytest.fixture
def notes(db: Database, _notes: None) -> Database:
    return db


@pytest.fixture
def owner(db: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with db.owner() as connection:
        yield connection


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate_for(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def cloud(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    made = Cloud()
    # tenants' own registrations are a matter of a database, which these tests have none of
    monkeypatch.setattr(registration, "_sources", [])
    with serving(made.reply, certificate=certificate) as running:
        made.server = running
        configure(
            monkeypatch,
            VEDETTE_LOGIN_URL=running.url,
            VEDETTE_GRAPH_URL=running.url,
            VEDETTE_CLIENT_ID="11111111-2222-4333-8444-555555555555",
            VEDETTE_CLIENT_SECRET="made up",
            VEDETTE_CA_FILE=str(certificate[0]),
        )
        yield made
    config.current.cache_clear()
