import base64
import datetime as dt
import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import msal
import pytest
import requests
from tests.lab.conftest import GRAPH_SCOPE, App, Certificate, make_certificate
from tests.support.lab import Lab

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def msal_app(app: App, session: requests.Session, credential: Any) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        app.client_id,
        authority=f"{app.lab.url}/{app.tid}",
        client_credential=credential,
        instance_discovery=False,
        http_client=session,
    )


def test_msal_gets_a_token_with_a_secret(app: App, msal_session: requests.Session) -> None:
    answer = msal_app(app, msal_session, app.secret).acquire_token_for_client([GRAPH_SCOPE])
    assert answer["token_type"] == "Bearer"
    assert claims_of(answer["access_token"])["azpacr"] == "1"


def test_msal_gets_a_token_with_a_certificate(
    app: App, msal_session: requests.Session, certificate: Certificate
) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [certificate.pem]})
    credential = {"private_key": certificate.key_pem, "public_certificate": certificate.pem}
    client = msal_app(app, msal_session, credential)
    assert claims_of(client.acquire_token_for_client([GRAPH_SCOPE])["access_token"])["azpacr"] == "2"
    # msal sends the same assertion again for another resource; Entra allows that.
    assert "access_token" in client.acquire_token_for_client(["https://api.manage.microsoft.com/.default"])


def test_msal_gets_a_token_with_a_sha1_thumbprint(
    app: App, msal_session: requests.Session, certificate: Certificate
) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [certificate.pem]})
    thumbprint = hashlib.sha1(certificate.der, usedforsecurity=False).hexdigest()
    credential = {"private_key": certificate.key_pem, "thumbprint": thumbprint}
    assert "access_token" in msal_app(app, msal_session, credential).acquire_token_for_client([GRAPH_SCOPE])


def test_roles_appear_only_after_consent_and_only_those_of_the_resource(app: App) -> None:
    assert "roles" not in claims_of(app.token())
    app.consent("User.Read.All", "update_device_health")
    assert claims_of(app.token())["roles"] == ["User.Read.All"]
    intune = app.token_request(scope="https://api.manage.microsoft.com/.default").json()["access_token"]
    assert claims_of(intune)["roles"] == ["update_device_health"]


def test_consent_takes_as_long_to_spread_as_the_switch_says(app: App) -> None:
    app.lab.post("/switches", {"consent_delay_seconds": 3600})
    admin = app.tenant["accounts"]["global_administrator"]
    app.login(admin)
    form = {"client_id": app.client_id, "redirect_uri": app.sign_in_values()["redirect_uri"]}
    app.lab.client.post(
        f"/{app.tid}/v2.0/adminconsent", data={**form, "scope": GRAPH_SCOPE, "decision": "accept"}
    )
    assert "roles" not in claims_of(app.token())


def test_a_token_has_the_claims_that_were_captured(app: App, shared_dir: Path) -> None:
    folder = shared_dir / "specs/entra-fixtures/differential/testdata/fixtures"
    fixture = json.loads((folder / "token-claims-client-credentials.json").read_text())
    assert sorted(claims_of(app.token())) == fixture["claimNames"]
    header = jwt.get_unverified_header(app.token())
    assert header["alg"] == fixture["header"]["alg"]


def test_errors_have_the_envelope_that_was_captured(app: App, shared_dir: Path) -> None:
    folder = shared_dir / "specs/entra-fixtures/differential/testdata/fixtures"
    nobody = "00000000-0000-0000-0000-000000000000"
    cases = {
        "invalid-client": app.token_request(client_secret="wrong"),
        "invalid-scope": app.token_request(scope="api://not-a-registered-resource/.default"),
        "unsupported-grant-type": app.token_request(grant_type="no_such_grant"),
        "unknown-client": app.token_request(client_id=nobody),
    }
    for name, answer in cases.items():
        captured = json.loads((folder / f"token-error-{name}.json").read_text())["response"]
        body = answer.json()
        assert answer.status_code == captured["status"], name
        # The captured unsupported-grant-type answer carries an error_uri-less body; the field sets must agree.
        assert set(body) == set(captured["body"]), name
        assert body["error"] == captured["body"]["error"]
        assert body["error_codes"] == captured["body"]["error_codes"]
        assert _shape(body["error_description"], app) == _shape(captured["body"]["error_description"], app)


def _shape(text: str, app: App) -> str:
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "#", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "#", text)
    text = re.sub(r"\{(guid|timestamp|tenant-id|daemon-app-id)\}", "#", text)
    return text.replace(app.tenant["name"], "#").replace("Contoso Outdoors", "#")


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"scope": "https://nowhere.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "User.Read.All"}, 400, "invalid_scope", 1002012),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"client_id": "vedette"}, 400, "unauthorized_client", 700038),
        ({"client_id": "0d9b8f1c-5a5d-4a63-9c53-3f0f7a3f7d11"}, 400, "unauthorized_client", 700016),
        ({"tenant": "nobody.example"}, 400, "invalid_request", 90002),
        ({"tenant": "organizations"}, 400, "invalid_request", 50059),
    ],
)
def test_refusals(app: App, form: dict[str, Any], status: int, error: str, number: int) -> None:
    answer = app.token_request(**form)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert (
        f"Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']}" in body["error_description"]
    )


def test_an_expired_secret_is_7000222(app: App) -> None:
    past = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).isoformat()
    app.lab.patch(f"/apps/{app.client_id}", {"secrets": [{"value": "old", "expires": past}]})
    assert app.token_request(client_secret="old").json()["error_codes"] == [7000222]


def test_a_single_tenant_application_is_unknown_elsewhere(app: App) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"multi_tenant": False})
    fabrikam = app.lab.tenant("Fabrikam")["id"]
    assert app.token_request(tenant=fabrikam).json()["error_codes"] == [700016]


def test_a_missing_service_principal_is_refused_when_the_switch_says_so(app: App) -> None:
    fabrikam = app.lab.tenant("Fabrikam")["id"]
    app.lab.post("/switches", {"require_service_principal": True})
    assert app.token_request(tenant=fabrikam).json()["error_codes"] == [7000229]


def test_client_secret_basic_is_understood(app: App) -> None:
    form = {"grant_type": "client_credentials", "scope": GRAPH_SCOPE}
    answer = app.lab.client.post(f"/{app.tid}/oauth2/v2.0/token", data=form, auth=(app.client_id, app.secret))
    assert answer.status_code == 200


Change = Callable[[dict[str, Any], dict[str, Any]], None]


def _set(where: str, **values: Any) -> Change:
    def change(header: dict[str, Any], claims: dict[str, Any]) -> None:
        (header if where == "header" else claims).update(values)

    return change


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (_set("claims"), None),
        (_set("claims", exp=int(time.time()) - 10), 700024),
        (_set("claims", nbf=int(time.time()) + 3600), 700024),
        (_set("claims", exp="soon"), 700024),
        (_set("claims", aud="https://login.microsoftonline.com/common/oauth2/v2.0/token"), 700023),
        (_set("claims", iss="0d9b8f1c-5a5d-4a63-9c53-3f0f7a3f7d11"), 700021),
        (_set("header", **{"x5t#S256": "AAAA"}), 700027),
    ],
)
def test_assertions(app: App, certificate: Certificate, change: Change, number: int | None) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [certificate.pem]})
    answer = app.token_request(**_assertion(app, certificate, change))
    assert answer.json().get("error_codes") == ([number] if number else None), answer.text


def _assertion(app: App, certificate: Certificate, change: Change, **more: Any) -> dict[str, str | None]:
    now = int(time.time())
    header = {"x5t#S256": certificate.x5t_s256}
    claims = {
        "aud": f"{app.lab.url}/{app.tid}/oauth2/v2.0/token",
        "iss": app.client_id,
        "sub": app.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "iat": now,
        "exp": now + 300,
        **more,
    }
    change(header, claims)
    signed = jwt.encode(claims, certificate.key, "PS256", header)
    return {"client_secret": None, "client_assertion_type": TYPE, "client_assertion": signed}


def test_a_foreign_key_with_the_right_thumbprint_is_700027(app: App, certificate: Certificate) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [certificate.pem]})
    forger = make_certificate()
    form = _assertion(app, forger, _set("header", **{"x5t#S256": certificate.x5t_s256}))
    body = app.token_request(**form).json()
    assert body["error_codes"] == [700027]
    assert "verify the signature failed" in body["error_description"]


def test_an_expired_certificate_is_700027(app: App) -> None:
    old = make_certificate(days=-1)
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [old.pem]})
    assert app.token_request(**_assertion(app, old, _set("claims"))).json()["error_codes"] == [700027]


def test_an_assertion_id_is_good_for_one_assertion(app: App, certificate: Certificate) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [certificate.pem]})
    first = _assertion(app, certificate, _set("claims"), jti="once")
    second = _assertion(app, certificate, _set("claims"), jti="once")
    assert app.token_request(**first).status_code == 200
    assert app.token_request(**first).status_code == 200
    assert app.token_request(**second).json()["error_codes"] == [50027]


@pytest.mark.parametrize("text", ["", "a.b.c", "e30.e30.e30", "W10.W10.AAAA"])
def test_garbage_is_no_assertion(app: App, certificate: Certificate, text: str) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"certificates": [certificate.pem]})
    form = {"client_secret": None, "client_assertion_type": TYPE, "client_assertion": text}
    assert app.token_request(**form).json()["error_codes"][0] in {50027, 700027}


def test_every_documented_number_can_be_reached(lab: Lab, app: App) -> None:
    """Those that no ordinary request meets come by a fault of the lab."""
    for number in (50076, 53000, 53003, 65001, 7000112):
        lab.post("/faults", {"match": f"POST /{app.tid}/oauth2", "code": str(number), "times": 1})
        assert app.token_request().json()["error_codes"] == [number]
    assert app.token_request().status_code == 200
