"""Scenes that many tests begin with: built once for each worker, then put back row by row.

Building a tenant with phones by the product's own code takes up to a second; putting its rows back takes a
hundredth. What a test does to its scene is gone with the test.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from psycopg import sql

T = TypeVar("T")

TABLES = """
select tablename from pg_tables
where schemaname = 'public' and tablename <> 'django_migrations' order by tablename
"""
SEQUENCES = "select sequencename, last_value from pg_sequences where schemaname = 'public'"


@dataclass
class Scenes:
    """The scenes of one worker's database; `keeper` gives a connection that no trigger or policy holds back."""

    keeper: Callable[[], psycopg.Connection[Any]]
    _kept: dict[str, tuple[dict[str, str], dict[str, int], Any]] = field(default_factory=dict)

    def give(self, name: str, build: Callable[[], T]) -> T:
        """Return what `build` returned at its first call under this name, with the rows of that moment.

        To be called while the database is empty. Objects are copied, so that a test may change them.
        """
        if name in self._kept:
            tables, sequences, made = self._kept[name]
            self._put_back(tables, sequences)
        else:
            made = build()
            self._kept[name] = (*self._keep(len(self._kept)), copy.deepcopy(made))
        return copy.deepcopy(made)  # type: ignore[no-any-return] # what build returned

    def _keep(self, number: int) -> tuple[dict[str, str], dict[str, int]]:
        execute = self.keeper().execute
        execute("create schema if not exists kept")
        tables = {}
        for (table,) in execute(TABLES).fetchall():
            source = sql.Identifier("public", table)
            if execute(sql.SQL("select 1 from {} limit 1").format(source)).fetchone():
                tables[table] = f"s{number}_{table}"[:60]
                target = sql.Identifier("kept", tables[table])
                execute(sql.SQL("create unlogged table {} as table {}").format(target, source))
        return tables, {name: last for name, last in execute(SEQUENCES).fetchall() if last is not None}

    def _put_back(self, tables: dict[str, str], sequences: dict[str, int]) -> None:
        steps = []
        for table, kept in tables.items():
            target, source = sql.Identifier("public", table), sql.Identifier("kept", kept)
            steps.append(sql.SQL("insert into {} overriding system value table {}").format(target, source))
        for name, last in sequences.items():
            where = sql.Literal(f"public.{name}")
            steps.append(sql.SQL("select setval({}, {})").format(where, sql.Literal(last)))
        keeper = self.keeper()
        with keeper.transaction():
            keeper.execute(sql.SQL("; ").join(steps))
