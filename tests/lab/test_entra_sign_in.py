import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import lxml.html
import pytest
from jwt import PyJWKClient, PyJWKSet
from tests.lab.conftest import REDIRECT, App
from tests.support.lab import Lab

ADA = "global_administrator"


def returned(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(REDIRECT)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def redeem(app: App, code: str, **form: str | None) -> httpx.Response:
    given = {"grant_type": "authorization_code", "scope": None, "code": code, "redirect_uri": REDIRECT}
    return app.token_request(**{**given, **form})


def sign_in(app: App, kind: str = ADA, **params: str | None) -> dict[str, Any]:
    """Sign somebody in and return the id_token's claims, checked with the published keys."""
    code = returned(app.login(app.tenant["accounts"][kind], **params))["code"]
    token = redeem(app, code).json()["id_token"]
    keys = PyJWKSet.from_dict(app.lab.client.get(f"/{app.tid}/discovery/v2.0/keys").json())
    key = PyJWKClient.match_kid(keys.keys, jwt.get_unverified_header(token)["kid"])
    assert key is not None
    return dict(
        jwt.decode(token, key.key, ["RS256"], audience=app.client_id, issuer=f"{app.lab.url}/{app.tid}/v2.0")
    )


def error_text(answer: httpx.Response) -> str:
    return str(lxml.html.fromstring(answer.text).get_element_by_id("error").text_content())


def test_a_person_picks_an_account_on_the_page(app: App) -> None:
    page = app.authorize(login_hint=app.tenant["accounts"]["restricted"])
    tree = lxml.html.fromstring(page.text)
    names = [button.get("value") for button in tree.xpath("//button[@name='login']")]
    assert names[0] == app.tenant["accounts"]["restricted"]
    assert app.tenant["accounts"][ADA] in names
    form = tree.forms[0]
    values = {**dict(form.form_values()), "login": names[0]}
    answer = app.lab.client.post(form.action, data=values)
    assert returned(answer)["state"] == "the-state"


def test_the_id_token_says_who_and_which_roles(app: App) -> None:
    claims = sign_in(app)
    assert claims["tid"] == app.tid
    assert claims["nonce"] == "the-nonce"
    assert claims["ver"] == "2.0"
    assert claims["preferred_username"] == app.tenant["accounts"][ADA]
    assert "62e90394-69f5-4237-9190-012177145e10" in claims["wids"]
    assert "groups" not in claims


def test_roles_can_be_left_out(app: App) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"omit_wids": True})
    assert "wids" not in sign_in(app)
    app.lab.patch(f"/apps/{app.client_id}", {"omit_wids": False, "group_claims": "None"})
    assert "wids" not in sign_in(app)


def test_groups_include_nested_ones(app: App) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"group_claims": "SecurityGroup"})
    assert app.tenant["groups"]["full"] in sign_in(app)["groups"]


def test_too_many_groups_become_an_overage(app: App) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"group_claims": "SecurityGroup,DirectoryRole"})
    app.lab.post("/switches", {"group_limit": 1})
    claims = sign_in(app)
    assert "groups" not in claims
    source = claims["_claim_sources"][claims["_claim_names"]["groups"]]["endpoint"]
    assert source.endswith(f"/users/{claims['oid']}/getMemberObjects")


def test_the_subject_differs_per_application(app: App) -> None:
    other = app.lab.post("/apps", {"display_name": "Other", "redirect_uris": [REDIRECT], "secret": "s"})
    second = App(app.lab, app.tenant, other["client_id"], "s")
    first_claims, second_claims = sign_in(app), sign_in(second)
    assert first_claims["oid"] == second_claims["oid"]
    assert first_claims["sub"] != second_claims["sub"]


def test_pkce_must_match(app: App) -> None:
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    params = {"code_challenge": challenge, "code_challenge_method": "S256"}
    upn = app.tenant["accounts"]["full"]
    code = returned(app.login(upn, **params))["code"]
    assert redeem(app, code).json()["error_codes"] == [900144]
    assert redeem(app, code, code_verifier="x" * 43).json()["error_codes"] == [501481]
    assert redeem(app, code, code_verifier=verifier).status_code == 200
    assert redeem(app, code, code_verifier=verifier).json()["error_codes"] == [54005]


def test_a_code_is_bound_to_application_tenant_and_address(app: App) -> None:
    upn = app.tenant["accounts"]["full"]
    code = returned(app.login(upn))["code"]
    assert redeem(app, "garbage").json()["error_codes"] == [70000]
    assert redeem(app, code, redirect_uri=REDIRECT + "/x").json()["error_codes"] == [500112]
    fabrikam = app.lab.tenant("Fabrikam")["id"]
    assert redeem(app, code, tenant=fabrikam).json()["error_codes"] == [70000]
    other = app.lab.post("/apps", {"display_name": "Other", "redirect_uris": [REDIRECT], "secret": "s"})
    stolen = App(app.lab, app.tenant, other["client_id"], "s")
    assert redeem(stolen, code).json()["error_codes"] == [70000]
    assert redeem(app, code).status_code == 200


def test_any_organisation_signs_in_through_organizations(app: App) -> None:
    fabrikam = app.lab.tenant("Fabrikam")
    answer = app.login(fabrikam["accounts"]["full"], tenant="organizations")
    token = redeem(app, returned(answer)["code"], tenant="organizations").json()["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["tid"], claims["iss"]) == (fabrikam["id"], f"{app.lab.url}/{fabrikam['id']}/v2.0")


def test_form_post_carries_the_answer_in_a_form(app: App) -> None:
    answer = app.login(app.tenant["accounts"]["full"], response_mode="form_post")
    form = lxml.html.fromstring(answer.text).forms[0]
    values = dict(form.form_values())
    assert (form.action, values["state"]) == (REDIRECT, "the-state")
    assert redeem(app, values["code"]).status_code == 200


@pytest.mark.parametrize(
    ("params", "number"),
    [
        ({"redirect_uri": REDIRECT + "/"}, 50011),
        ({"redirect_uri": None}, 50011),
        ({"client_id": "0d9b8f1c-5a5d-4a63-9c53-3f0f7a3f7d11"}, 700016),
        ({"client_id": "vedette"}, 700038),
        ({"client_id": None}, 900144),
        ({"tenant": "nobody.example"}, 90002),
    ],
)
def test_what_cannot_be_trusted_is_a_page(app: App, params: dict[str, Any], number: int) -> None:
    answer = app.authorize(**params)
    assert answer.status_code == 400
    assert error_text(answer).startswith(f"AADSTS{number}")


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_request"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_other_mistakes_go_back_to_the_application(app: App, params: dict[str, Any], error: str) -> None:
    back = returned(app.authorize(**params))
    assert (back["error"], back["state"]) == (error, "the-state")
    assert back["error_description"].startswith("AADSTS")


def test_silent_sign_in_needs_a_session_and_consent(app: App) -> None:
    app.login(app.tenant["accounts"]["full"])
    assert "code" in returned(app.authorize(prompt="none"))
    other = app.lab.post(
        "/apps",
        {
            "display_name": "Other",
            "redirect_uris": [REDIRECT],
            "home_tenant": app.lab.tenant("Fabrikam")["id"],
        },
    )
    back = returned(app.authorize(prompt="none", client_id=other["client_id"]))
    assert back["error"] == "consent_required"
    assert "AADSTS65001" in back["error_description"]


def test_a_removed_application_cannot_redeem(app: App) -> None:
    code = returned(app.login(app.tenant["accounts"]["full"]))["code"]
    app.lab.delete(f"/tenants/{app.tid}/consents/{app.client_id}", remove=1)
    assert redeem(app, code).json()["error_codes"] == [65001]


def test_a_disabled_account_is_50057(app: App) -> None:
    upn = app.tenant["accounts"]["full"]
    app.lab.patch(f"/tenants/{app.tid}/users/{upn}", {"account_enabled": False})
    assert "AADSTS50057" in error_text(app.login(upn))


def test_an_account_of_another_tenant_is_50020(app: App) -> None:
    stranger = app.lab.tenant("Fabrikam")["accounts"]["full"]
    assert "AADSTS50020" in error_text(app.login(stranger))


def test_a_mistyped_account_gets_the_page_again(app: App) -> None:
    assert "find an account with that username" in app.login("nobody@nowhere.example").text


def test_an_application_that_needs_assignment(app: App) -> None:
    app.lab.patch(f"/apps/{app.client_id}", {"assignment_required": True})
    upn = app.tenant["accounts"]["full"]
    assert "AADSTS50105" in error_text(app.login(upn))
    app.lab.post(f"/tenants/{app.tid}/assignments/{app.client_id}", {"ids": [app.tenant["groups"]["full"]]})
    assert "code" in returned(app.login(upn))


def test_permissions_beyond_a_persons_own_need_an_administrator(app: App) -> None:
    answer = app.login(app.tenant["accounts"]["full"], scope="openid https://graph.microsoft.com/.default")
    assert "AADSTS90094" in error_text(answer)


def test_conditional_access_can_block_the_console(app: App) -> None:
    policy = {
        "displayName": "Nobody signs in to the console",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": [app.client_id]},
            "users": {"includeUsers": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }
    app.lab.post(f"/tenants/{app.tid}/ca-policies", policy)
    assert "AADSTS53003" in error_text(app.login(app.tenant["accounts"]["full"]))


def test_logout_ends_the_session_and_returns_to_a_registered_site_only(lab: Lab, app: App) -> None:
    app.login(app.tenant["accounts"]["full"])
    home = REDIRECT.replace("/signed-in", "/bye")
    path = f"/{app.tid}/oauth2/v2.0/logout"
    answer = lab.client.get(path, params={"post_logout_redirect_uri": home})
    assert answer.headers["location"] == home
    assert returned(app.authorize(prompt="none"))["error"] == "login_required"
    other = lab.client.get(path, params={"post_logout_redirect_uri": "https://elsewhere.example/"})
    assert other.status_code == 200


def test_user_info_and_me_answer_with_the_persons_own_token(app: App) -> None:
    code = returned(app.login(app.tenant["accounts"]["full"], scope="openid profile User.Read"))["code"]
    token = redeem(app, code).json()["access_token"]
    info = app.lab.client.get("/oidc/userinfo", headers={"Authorization": f"Bearer {token}"}).json()
    me = app.call("GET", "/me", token=token).json()
    assert info["name"] == me["displayName"]
    assert app.call("GET", "/groups", token=token).status_code == 403
