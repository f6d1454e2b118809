"""What the published document promises holds: schemathesis asks every operation, well and badly, of the real server."""

import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks
from tests.api.native.conftest import Places, one_of_everything
from tests.support.database import Database
from tests.support.native_api import Program, Service, program
from tests.support.scenes import Scenes

from vedette.api.native import openapi
from vedette.api.native.table import ROUTES

DOCUMENT = msgspec.json.decode(openapi.document(ROUTES))
EXAMPLES = 2
PROMISES = {
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "unsupported_method",
    "missing_required_header", "negative_data_rejection",
}  # fmt: skip
schema = schemathesis.openapi.from_dict(DOCUMENT)


def promises() -> list[Any]:
    load_all_checks()
    return [CHECKS.get_one(name) for name in sorted(PROMISES)]


@pytest.fixture(scope="module")
def asked(database: Database, scenes: Scenes, service: Service) -> Iterator[tuple[Program, Places]]:
    """One scene for all: what one operation does only makes the next one's answer another of those promised."""
    world, places = scenes.give("native api", one_of_everything)
    service.entra.knows("bo@example.test", "bo@example.test")
    yield program(service, world), places
    database.empty()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_document_holds(case: schemathesis.Case[Any], asked: tuple[Program, Places]) -> None:
    ours, places = asked
    place_known_ids(case, places)
    case.call_and_validate(
        base_url=ours.service.url, headers={"Authorization": f"Bearer {ours.key}"}, checks=promises()
    )


def place_known_ids(case: schemathesis.Case[Any], places: Places) -> None:
    """Half of the IDs that were made up are of something that is there: else nothing but 404 would be seen."""
    # the device that everything else is about stays
    known = places | ({"device_id": places["away"]} if case.method == "DELETE" else {})
    for name, value in list((case.path_parameters or {}).items()):
        try:
            made_up = uuid.UUID(str(value))
        except ValueError:
            continue
        if made_up.int % 2:
            case.path_parameters[name] = known[name]
