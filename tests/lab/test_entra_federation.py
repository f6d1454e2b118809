"""An outside issuer's token proves an application where issuer, subject and audience fit, letter by letter."""

from typing import Any

import jwt
import pytest
import requests
from tests.lab.conftest import GRAPH_SCOPE, App
from tests.lab.test_entra_tokens import TYPE, claims_of, msal_app

SUBJECT = "system:serviceaccount:mtd:Vedette"
AUDIENCE = "api://AzureADTokenExchange"


@pytest.fixture
def federated(app: App) -> App:
    """An application that trusts the lab's outside issuer `cluster` for one subject."""
    issuer = f"{app.lab.url}/outside/cluster"
    app.lab.patch(f"/apps/{app.client_id}", {"federated": [{"issuer": issuer, "subject": SUBJECT}]})
    return app


def outside(app: App, issuer: str = "cluster", **claims: Any) -> str:
    made = app.lab.post(f"/outside/{issuer}/token", {"subject": SUBJECT, **claims})
    return str(made["token"])


def ask(app: App, token: str) -> Any:
    return app.token_request(
        grant_type="client_credentials",
        scope=GRAPH_SCOPE,
        client_secret=None,
        client_assertion_type=TYPE,
        client_assertion=token,
    )


def test_msal_gets_a_token_with_the_platforms(federated: App, msal_session: requests.Session) -> None:
    credential = {"client_assertion": lambda: outside(federated)}
    answer = msal_app(federated, msal_session, credential).acquire_token_for_client([GRAPH_SCOPE])
    assert claims_of(answer["access_token"])["azpacr"] == "2"


@pytest.mark.parametrize(
    ("number", "issuer", "claims"),
    [
        pytest.param(700211, "elsewhere", {}, id="issuer"),
        pytest.param(700213, "cluster", {"subject": "system:serviceaccount:mtd:other"}, id="subject"),
        pytest.param(7002138, "cluster", {"subject": SUBJECT.lower()}, id="capitals"),
        pytest.param(700212, "cluster", {"audience": "api://other"}, id="audience"),
        pytest.param(700024, "cluster", {"begins": -7200, "lifetime": 3600}, id="ended"),
        pytest.param(700024, "cluster", {"begins": 3600}, id="not-yet"),
        pytest.param(50013, "cluster", {"foreign_key": True}, id="key"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_number(
    federated: App, number: int, issuer: str, claims: dict[str, Any]
) -> None:
    answer = ask(federated, outside(federated, issuer, **claims))
    assert answer.status_code >= 400
    assert answer.json()["error_codes"] == [number], answer.text


def test_another_application_does_not_trust_it(federated: App) -> None:
    federated.lab.patch(f"/apps/{federated.client_id}", {"federated": []})
    assert ask(federated, outside(federated)).json()["error_codes"] == [700211]


def test_the_issuer_publishes_its_keys(federated: App) -> None:
    base = f"{federated.lab.url}/outside/cluster"
    document = federated.lab.client.get(f"{base}/.well-known/openid-configuration").json()
    assert document["issuer"] == base
    token = outside(federated)
    (key,) = federated.lab.client.get(document["jwks_uri"]).json()["keys"]
    read = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["RS256"], audience=AUDIENCE, issuer=base)
    assert read["sub"] == SUBJECT
