from collections.abc import Iterator

import psycopg
import pytest
from tests.support.database import Database

from vedette.foundation import rls


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
