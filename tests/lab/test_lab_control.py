"""What the lab offers beside Microsoft's own interfaces: faults, log, clock, people, phones, seed."""

import datetime as dt
import time
from pathlib import Path

import httpx
import pytest
from tests.lab.conftest import App
from tests.support.lab import Lab, start_lab

from vedette_lab.seed import build_cloud


def test_it_starts_fast_with_a_thousand_phones_and_keeps_its_authority(tmp_path: Path) -> None:
    with start_lab(tmp_path, phones=1060) as lab:
        authority = lab.ca_file.read_bytes()
        listing = lab.get(f"/tenants/{lab.tenant()['id']}/devices")
        assert sum(row["platform"] in {"ANDROID", "IOS"} for row in listing) > 1060
    with start_lab(tmp_path, phones=10) as lab:
        assert lab.ca_file.read_bytes() == authority
    assert (tmp_path / "lab-ca.key").stat().st_mode & 0o077 == 0


def test_plain_http_is_refused(lab: Lab) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(lab.url.replace("https:", "http:"), trust_env=False)


def test_a_client_that_does_not_trust_the_authority_is_refused(lab: Lab) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(lab.url, trust_env=False)


def test_a_seed_gives_the_same_people_twice_and_other_seeds_others(tmp_path: Path) -> None:
    first, again = (build_cloud(tmp_path, "https://x", phone_count=50, seed=3) for _ in range(2))
    other = build_cloud(tmp_path, "https://x", phone_count=50, seed=4)
    for one, two in zip(first.tenants.values(), again.tenants.values(), strict=True):
        assert list(one.directory.users) == list(two.directory.users)
        assert list(one.directory.devices) == list(two.directory.devices)
    assert not set(first.tenants) & set(other.tenants)


def test_the_default_seed_is_a_real_organisation(tmp_path: Path) -> None:
    contoso, fabrikam = build_cloud(tmp_path, "https://x").tenants.values()
    directory = contoso.directory
    assert 850 <= len(directory.users) <= 1000
    enrolled = set(contoso.directory.groups[contoso.guide_groups["enrollment"]].members)
    phones = [device for device in directory.devices.values() if enrolled & set(device.owner_ids)]
    usable = [d for d in phones if d.account_enabled and not d.operating_system.startswith("Windows")]
    assert len(usable) > 1000
    assert {d.story for d in directory.devices.values()} > {"malware", "outdated", "silent", "mended"}
    upns = [user.user_principal_name for user in directory.users.values()]
    assert len(upns) == len(set(upns))
    assert all(upn.isascii() for upn in upns)
    assert len(fabrikam.directory.users) < 20
    assert not fabrikam.consents


def test_faults_answer_as_often_as_they_were_armed(app: App) -> None:
    app.consent("GroupMember.Read.All")
    app.lab.post("/faults", {"match": "GET /v1.0/groups", "status": 429, "retry_after": 3, "times": 2})
    token = app.token()
    for _ in range(2):
        answer = app.call("GET", "/groups", token=token)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        assert answer.json()["error"]["code"] == "TooManyRequests"
    assert app.call("GET", "/groups", token=token).status_code == 200


@pytest.mark.parametrize("status", [500, 503, 504])
def test_server_errors(app: App, status: int) -> None:
    app.lab.post("/faults", {"match": "* /v1.0", "status": status})
    answer = app.call("GET", "/groups", token="any")
    assert (answer.status_code, "retry-after" in answer.headers) == (status, False)
    app.lab.delete("/faults")
    assert app.call("GET", "/groups", token="any").status_code == 401


def test_a_fault_can_delay(app: App) -> None:
    app.lab.post("/faults", {"match": "GET /v1.0/users", "delay": 0.4, "times": 1})
    begun = time.monotonic()
    assert app.call("GET", "/users", token="any").status_code == 401
    assert time.monotonic() - begun >= 0.4


def test_a_fault_can_cut_the_connection(app: App) -> None:
    app.lab.post("/faults", {"match": "GET /v1.0/users", "drop": True, "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        app.call("GET", "/users", token="any")
    assert app.call("GET", "/users", token="any").status_code == 401


def test_the_log_shows_who_asked_what(app: App) -> None:
    app.consent("GroupMember.Read.All")
    since = max((row["number"] for row in app.lab.get("/requests")), default=0)
    answer = app.call("GET", "/groups", params={"$top": "1"})
    rows = app.lab.get("/requests", since=since)
    assert [row["path"] for row in rows] == [f"/{app.tid}/oauth2/v2.0/token", "/v1.0/groups"]
    last = rows[-1]
    assert (last["status"], last["app_id"], last["tenant"]) == (200, app.client_id, app.tid)
    assert last["request_id"] == answer.headers["request-id"]
    assert "%24top=1" in last["query"]


def test_the_clock_moves_the_directory_and_not_the_tokens(app: App) -> None:
    app.consent("GroupMember.Read.All", "Group.Create")
    app.lab.post("/clock", {"offset_seconds": 86400 * 40})
    body = {"displayName": "Later", "mailEnabled": False, "mailNickname": "l", "securityEnabled": True}
    made = app.call("POST", "/groups", json=body).json()
    moment = dt.datetime.fromisoformat(made["createdDateTime"])
    assert moment > dt.datetime.now(dt.UTC) + dt.timedelta(days=39)
    assert app.call("GET", "/groups").status_code == 200


def test_a_phone_from_registration_to_wipe(lab: Lab) -> None:
    tenant = lab.tenant()
    path = f"/tenants/{tenant['id']}/devices"
    made = lab.post(path, {"platform": "IOS", "owner": tenant["accounts"]["full"], "story": "new"})
    one = f"{path}/{made['id']}"
    assert (made["platform"], made["upn"]) == ("IOS", tenant["accounts"]["full"])
    changes = {"operating_system_version": "12.1", "managed": {"jail_broken": "True", "is_encrypted": False}}
    changed = lab.patch(one, changes)
    assert changed["managed"]["os_version"] == "12.1"
    assert (changed["managed"]["jail_broken"], changed["managed"]["is_encrypted"]) == ("True", False)
    assert lab.patch(one, {"owner": tenant["accounts"]["none"]})["upn"] == tenant["accounts"]["none"]
    lab.delete(f"{one}/managed")
    assert lab.get(one)["managed"] is None
    assert lab.patch(one, {"managed": {}})["managed"] is not None
    lab.delete(one)
    assert lab.client.get(f"/lab{one}").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/apps", {}, 400),
        ("/apps", {"display_name": "x", "permissions": ["Fly.All"]}, 400),
        ("/apps", {"display_name": "x", "certificate_pem": "no"}, 400),
        ("/apps", {"display_name": "x", "colour": "red"}, 400),
        ("/faults", {"match": "everything"}, 400),
        ("/switches", {"gravity": 0}, 400),
        ("/switches", {"group_limit": "many"}, 400),
        ("/tenants/nobody/groups", {"display_name": "x"}, 404),
        ("/tenants/fabrikam.example/groups", {"display_name": "x", "members": ["nobody"]}, 404),
        ("/tenants/fabrikam.example/devices", {"platform": "AMIGA"}, 400),
        ("/tenants", {"name": "x", "domain": "fabrikam.example"}, 409),
    ],
)
def test_mistakes_are_told(lab: Lab, path: str, body: object, status: int) -> None:
    answer = lab.client.post(f"/lab{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_test_can_have_an_organisation_to_itself(lab: Lab) -> None:
    made = lab.post("/tenants", {"name": "Northwind", "domain": "northwind.example"})
    listing = lab.get(f"/tenants/{made['id']}")
    assert listing["guide"]["groups"]["enrollment"] in {group["id"] for group in listing["groups"]}
    assert listing["consents"] == []


def test_a_tenant_is_had_again_as_its_snapshot_remembers_it(app: App) -> None:
    app.consent("Device.Read.All")
    path, others = f"/tenants/{app.tid}", app.lab.tenant("Fabrikam")
    device = app.lab.get(f"{path}/devices")[0]["id"]
    link = app.get("/devices/delta")
    while "@odata.nextLink" in link:
        link = app.call("GET", link["@odata.nextLink"]).json()
    app.lab.post(f"{path}/snapshot")
    before, log = app.lab.get(path), lines_about(app)
    for _ in range(2):
        app.lab.patch(f"{path}/devices/{device}", {"display_name": "Changed"})
        changed = app.call("GET", link["@odata.deltaLink"]).json()["value"]
        assert [each["displayName"] for each in changed] == ["Changed"]
        app.lab.delete(f"{path}/consents/{app.client_id}")
        app.lab.post(f"{path}/restore")
        assert (app.lab.get(path), lines_about(app)) == (before, log)
        assert app.call("GET", link["@odata.deltaLink"]).json()["value"] == []
    assert app.lab.client.post(f"/lab/tenants/{others['id']}/restore").status_code == 404


def lines_about(app: App) -> list[int]:
    return [line["number"] for line in app.lab.get("/requests") if line["tenant"] == app.tid]
