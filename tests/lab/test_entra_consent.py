from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import lxml.html
import pytest
from tests.lab.conftest import GRAPH_SCOPE, REDIRECT, App


def ask(app: App, *, tenant: str | None = None, version: str = "/v2.0", **more: Any) -> httpx.Response:
    values = {
        "client_id": app.client_id,
        "redirect_uri": REDIRECT,
        "state": "s",
        "scope": GRAPH_SCOPE,
        **more,
    }
    params = {name: value for name, value in values.items() if value is not None}
    return app.lab.client.get(f"/{tenant or app.tid}{version}/adminconsent", params=params)


def press(app: App, page: httpx.Response, **fields: str) -> httpx.Response:
    form = lxml.html.fromstring(page.text).forms[0]
    return app.lab.client.post(form.action, data={**dict(form.form_values()), **fields})


def returned(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_a_global_administrator_accepts(app: App) -> None:
    assert app.call("GET", "/groups").status_code == 403
    page = press(app, ask(app), login=app.tenant["accounts"]["global_administrator"])
    text = lxml.html.fromstring(page.text).text_content()
    for words in ("Read all group memberships", "Read and write devices", "Sign in and read user profile"):
        assert words in text
    back = returned(press(app, page, decision="accept"))
    assert back["admin_consent"] == "True"
    assert (back["tenant"], back["state"]) == (app.tid, "s")
    assert "https://graph.microsoft.com/GroupMember.Read.All" in back["scope"].split()
    assert app.call("GET", "/groups").status_code == 200


def test_an_old_token_does_not_learn_of_consent(app: App) -> None:
    old = app.token()
    app.consent("GroupMember.Read.All")
    assert app.call("GET", "/groups", token=old).status_code == 403
    assert app.call("GET", "/groups").status_code == 200


def test_cancel_goes_back_with_65004(app: App) -> None:
    page = press(app, ask(app), login=app.tenant["accounts"]["global_administrator"])
    back = returned(press(app, page, decision="cancel"))
    assert back["error"] == "consent_required"
    assert back["error_description"].startswith(
        "AADSTS65004: The resource owner or authorization server denied"
    )
    assert app.call("GET", "/groups").status_code == 403


@pytest.mark.parametrize("kind", ["full", "restricted", "none"])
def test_others_need_an_administrator(app: App, kind: str) -> None:
    page = press(app, ask(app), login=app.tenant["accounts"][kind])
    assert page.status_code == 403
    assert "AADSTS90094" in page.text
    assert "Need admin approval" in page.text


def test_a_role_taken_away_between_page_and_press_counts(app: App) -> None:
    upn = app.tenant["accounts"]["global_administrator"]
    page = press(app, ask(app), login=upn)
    app.lab.patch(f"/tenants/{app.tid}/users/{upn}", {"roles": []})
    assert press(app, page, decision="accept").status_code == 403
    assert app.call("GET", "/groups").status_code == 403


def test_the_signed_in_administrator_sees_the_page_at_once(app: App) -> None:
    app.login(app.tenant["accounts"]["global_administrator"])
    assert "Permissions requested" in ask(app).text
    assert "Pick an account" in ask(app, prompt="select_account").text


def test_version_1_answers_in_its_own_words(app: App) -> None:
    app.login(app.tenant["accounts"]["global_administrator"])
    page = ask(app, version="", tenant="common", scope=None)
    assert returned(press(app, page, decision="cancel")) == {
        "error": "permission_denied",
        "error_description": "The admin canceled the request",
        "state": "s",
    }
    assert returned(press(app, page, decision="accept")) == {
        "admin_consent": "True",
        "tenant": app.tid,
        "state": "s",
    }


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ({"redirect_uri": "https://evil.example/"}, 50011),
        ({"client_id": "0d9b8f1c-5a5d-4a63-9c53-3f0f7a3f7d11"}, 700016),
        ({"scope": None}, 900144),
        ({"tenant": "common"}, 90013),
        ({"tenant": "nobody.example"}, 90002),
    ],
)
def test_bad_requests_are_pages(app: App, more: dict[str, Any], number: int) -> None:
    assert f"AADSTS{number}" in ask(app, **more).text
