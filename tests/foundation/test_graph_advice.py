"""Every code of Graph and Entra comes with what happened and what to do."""

import pytest

from vedette.foundation import graph_errors
from vedette.foundation.graph import GraphError, TokenError, advice_for_code

# reference: microsoft.md 2.10 and 3.5
GRAPH_CODES = """InvalidAuthenticationToken Authorization_RequestDenied Request_ResourceNotFound Request_BadRequest
Request_UnsupportedQuery Directory_QuotaExceeded activityLimitReached TooManyRequests serviceNotAvailable
resyncRequired syncStateNotFound"""
ENTRA_NUMBERS = """7000215 500011 700038 700016 70003 7000222 700027 700024 90002 65001 50105 50011 65004 53003 53000
50076"""


@pytest.mark.parametrize("code", GRAPH_CODES.split())
def test_every_code_of_graph_has_advice(code: str) -> None:
    assert GraphError(400, code, "x").advice is graph_errors.GRAPH[code]


@pytest.mark.parametrize("number", ENTRA_NUMBERS.split())
def test_every_code_of_entra_has_advice(number: str) -> None:
    assert TokenError(number, "x").advice is graph_errors.ENTRA[number]
    assert advice_for_code(f"AADSTS{number}") is graph_errors.ENTRA[number]


def test_an_unknown_code_is_explained_by_its_status() -> None:
    assert GraphError(403, "whatever", "x").advice is graph_errors.GRAPH["Authorization_RequestDenied"]
    assert GraphError(503, "whatever", "x").advice is graph_errors.GRAPH["serviceNotAvailable"]
    assert GraphError(418, "teapot", "x").advice is graph_errors._OTHER_GRAPH
    assert advice_for_code("1") is graph_errors._OTHER_ENTRA
