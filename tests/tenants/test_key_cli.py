"""`vedette key`: application keys from the command line."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from tests.support.console import audit
from tests.support.database import Database
from tests.support.world import World, make_world

from vedette.tenants import application_keys
from vedette.tenants.key_cli import key

Run = Callable[..., Result]


@pytest.fixture
def world(db: Database) -> World:
    assert db.name
    return make_world("Contoso")


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(key, [str(argument) for argument in arguments])


def test_a_key_is_made_listed_and_revoked(world: World, run: Run) -> None:
    made = run(
        "create", world.tenant_id, "--label", "SIEM", "--days", 30, "--address", "192.0.2.7/24", "--json"
    )
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert application_keys.looks_like_key(told["key"])
    assert told["scopes"] == ["risk.read", "events.read"]
    assert told["addresses"] == ["192.0.2.0/24"]
    plain = run("create", world.tenant_id, "--label", "Other", "--scope", "feeds.write")
    assert application_keys.looks_like_key(plain.stdout.strip())
    listed = json.loads(run("list", world.tenant_id, "--json").stdout)
    assert [(one["label"], one["status"]) for one in listed] == [("Other", "active"), ("SIEM", "active")]
    assert told["key"] not in run("list", world.tenant_id, "--json").stdout
    assert run("revoke", world.tenant_id, told["id"]).stdout == "SIEM: revoked.\n"
    assert run("revoke", world.tenant_id, told["id"]).stdout == "SIEM: was revoked already.\n"
    assert "revoked" in run("list", world.tenant_id).stdout
    acts = [(event.action, event.actor_type) for event in audit(world) if "key" in event.action]
    assert acts == [
        ("application_key.created", "OPERATOR"),
        ("application_key.created", "OPERATOR"),
        ("application_key.revoked", "OPERATOR"),
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["create", "TENANT", "--label", "x", "--address", "home"], 2, "is no IP address"),
        (["create", "seven", "--label", "x"], 2, "is not a GUID"),
        (["list", "00000000-0000-4000-8000-000000000000"], 1, "There is no account"),
        (["revoke", "TENANT", "00000000-0000-4000-8000-000000000000"], 1, "has no key"),
        (["create", "TENANT", "--label", "x", "--scope", "all"], 2, "Invalid value"),
    ],
    ids=["address", "tenant", "account", "key", "scope"],
)
def test_what_is_refused_is_explained(
    world: World, run: Run, arguments: list[str], code: int, words: str
) -> None:
    answer = run(*[str(world.tenant_id) if word == "TENANT" else word for word in arguments])
    assert answer.exit_code == code
    assert words in answer.output
