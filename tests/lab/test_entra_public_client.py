"""An app on a phone signs people in without a secret; Entra names the phone only where it is registered as theirs."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.lab.conftest import App
from tests.lab.test_entra_tokens import claims_of

BACK = "http://localhost:49152"


@pytest.fixture
def phone_app(app: App) -> App:
    app.lab.patch(f"/apps/{app.client_id}", {"public_redirect_uris": ["http://localhost"]})
    return app


def redeemed(app: App, upn: str, redirect_uri: str = BACK, device: str = "", **more: str | None) -> Any:
    answer = app.login(upn, redirect_uri=redirect_uri, device=device)
    (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    form: dict[str, str | None] = {"client_secret": None, **more}
    return app.token_request(
        grant_type="authorization_code", code=code, redirect_uri=redirect_uri, scope=None, **form
    )


def a_phone(app: App) -> tuple[dict[str, Any], str]:
    devices = app.lab.get(f"/tenants/{app.tid}/devices")
    phone = next(each for each in devices if each["owner_ids"] and each["account_enabled"])
    people = app.lab.get(f"/tenants/{app.tid}")["accounts"]
    return phone, next(each["upn"] for each in people if each["id"] == phone["owner_ids"][0])


def test_no_secret_is_needed_and_none_may_be_shown(phone_app: App) -> None:
    _phone, upn = a_phone(phone_app)
    answer = redeemed(phone_app, upn)
    assert answer.status_code == 200, answer.text
    assert "deviceid" not in claims_of(answer.json()["id_token"])
    refused = redeemed(phone_app, upn, client_secret=phone_app.secret)
    assert refused.json()["error_codes"] == [700025]


def test_a_web_address_still_needs_the_secret(phone_app: App) -> None:
    _phone, upn = a_phone(phone_app)
    web = phone_app.sign_in_values()["redirect_uri"]
    assert redeemed(phone_app, upn, web).json()["error_codes"] == [7000218]


@pytest.mark.parametrize(
    "address", ["http://localhost.evil.example", "http://127.0.0.1:5", "https://localhost:5"]
)
def test_only_localhost_may_have_any_port(phone_app: App, address: str) -> None:
    assert "AADSTS50011" in phone_app.authorize(redirect_uri=address).text


def test_the_phone_is_named_where_it_is_registered_as_theirs(phone_app: App) -> None:
    phone, upn = a_phone(phone_app)
    named = redeemed(phone_app, upn, device=phone["device_id"]).json()["id_token"]
    assert claims_of(named)["deviceid"] == phone["device_id"]
    other = next(
        each
        for each in phone_app.lab.get(f"/tenants/{phone_app.tid}/devices")
        if not {*each["owner_ids"], *each["user_ids"]} & set(phone["owner_ids"])
    )
    assert "deviceid" not in claims_of(redeemed(phone_app, upn, device=other["device_id"]).json()["id_token"])
    phone_app.lab.patch(f"/tenants/{phone_app.tid}/devices/{phone['id']}", {"account_enabled": False})
    assert "deviceid" not in claims_of(redeemed(phone_app, upn, device=phone["device_id"]).json()["id_token"])
    phone_app.lab.patch(f"/tenants/{phone_app.tid}/devices/{phone['id']}", {"account_enabled": True})
