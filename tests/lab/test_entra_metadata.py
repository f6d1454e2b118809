import json
from pathlib import Path

import pytest
from tests.lab.conftest import App
from tests.support.lab import Lab

DISCOVERY = "v2.0/.well-known/openid-configuration"


def test_discovery_has_every_captured_field_and_no_invented_value(lab: Lab, shared_dir: Path) -> None:
    golden = json.loads((shared_dir / "specs/entra-fixtures/golden/oidc-discovery.golden.json").read_text())
    document = lab.client.get(f"/common/{DISCOVERY}").json()
    assert set(golden["required_fields"]) <= set(document)
    values = golden["protocol_values"]
    for rule, wanted in values.items():
        if rule.endswith("_subset_of"):
            field = rule.removesuffix("_subset_of")
            name = field if field in document else f"{field}_supported"
            assert set(document[name]) <= set(wanted), name
        elif rule.endswith("_must_include"):
            field = rule.removesuffix("_must_include")
            name = field if field in document else f"{field}_supported"
            assert set(wanted) <= set(document[name]), name
        else:
            assert document[rule.removesuffix("_equals")] == wanted
    for name, value in golden["entra_boolean_values"].items():
        if name in document:
            assert document[name] is value, name


def test_issuer_is_a_template_for_any_organisation_and_exact_for_one(lab: Lab) -> None:
    tenant = lab.tenant()
    for name in ("common", "organizations"):
        assert lab.client.get(f"/{name}/{DISCOVERY}").json()["issuer"] == f"{lab.url}/{{tenantid}}/v2.0"
    for name in (tenant["id"], tenant["domain"], tenant["id"].upper()):
        document = lab.client.get(f"/{name}/{DISCOVERY}").json()
        assert document["issuer"] == f"{lab.url}/{tenant['id']}/v2.0"
        assert document["token_endpoint"] == f"{lab.url}/{tenant['id']}/oauth2/v2.0/token"


@pytest.mark.parametrize("path", [DISCOVERY, "discovery/v2.0/keys"])
def test_an_unknown_tenant_is_90002(lab: Lab, path: str) -> None:
    answer = lab.client.get(f"/nobody.example/{path}")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_keys_name_the_issuer_they_sign_for(lab: Lab, app: App) -> None:
    keys = lab.client.get(f"/{app.tid}/discovery/v2.0/keys").json()["keys"]
    assert len(keys) > 1
    assert all({"kid", "x5t", "x5c", "n", "e", "issuer"} <= set(key) for key in keys)
    assert {key["issuer"] for key in keys} == {f"{lab.url}/{app.tid}/v2.0"}
    template = lab.client.get("/common/discovery/v2.0/keys").json()["keys"]
    assert {key["issuer"] for key in template} == {f"{lab.url}/{{tenantid}}/v2.0"}


def test_instance_discovery_knows_the_lab_and_nothing_else(lab: Lab) -> None:
    asked = f"{lab.url}/organizations/oauth2/v2.0/authorize"
    found = lab.client.get("/common/discovery/instance", params={"authorization_endpoint": asked}).json()
    assert found["tenant_discovery_endpoint"] == f"{lab.url}/organizations/{DISCOVERY}"
    assert lab.url.removeprefix("https://") in found["metadata"][0]["aliases"]
    stranger = lab.client.get(
        "/common/discovery/instance", params={"authorization_endpoint": "https://other.example/x"}
    )
    assert stranger.status_code == 400
