"""People, phones and a partner at the lab, as tests of enforcement meet them."""

import time
from typing import Any
from uuid import uuid4

import httpx
from tests.support.lab import Lab

SECRET = "a secret of the tests"
AT = "2026-01-01T00:00:00Z"
SCOPE = "https://api.manage.microsoft.com//.default"


class Partner:
    """A partner's client: knows its tenant and sends its token."""

    def __init__(self, lab: Lab, *, permissions: list[str] | None = None, scope: str = SCOPE) -> None:
        self.lab = lab
        self.tenant = lab.tenant()["id"]
        wanted = ["update_device_health"] if permissions is None else permissions
        registered = {"display_name": "Partner", "secret": SECRET, "permissions": wanted}
        self.client_id = lab.post("/apps", registered)["client_id"]
        lab.post(f"/tenants/{self.tenant}/consents", {"client_id": self.client_id})
        self.token = self.get_token(self.tenant, scope)

    def get_token(self, tenant: str, scope: str) -> str:
        form = {
            "client_id": self.client_id,
            "client_secret": SECRET,
            "scope": scope,
            "grant_type": "client_credentials",
        }
        answer = self.lab.client.post(f"/{tenant}/oauth2/v2.0/token", data=form)
        assert answer.is_success, answer.text
        return str(answer.json()["access_token"])

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"/partner/{self.tenant}/{path}"
        return self.lab.client.request(method, url, headers=headers, json=body)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        answer = self.send("PUT", path, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def upload(self, *messages: dict[str, Any], **more: Any) -> str:
        guid = str(uuid4())
        answer = self.put(f"messages/{guid}", upload(self.tenant, *messages, **more))
        assert answer["httpStatusCode"] == 202, answer
        return guid

    def outcome(self, guid: str) -> dict[str, Any]:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            found = self.send("GET", f"messages/{guid}").json()
            if found["status"] != "Pending":
                return dict(found)
            time.sleep(0.02)
        raise AssertionError("the upload stayed pending")


def upload(tenant: str, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tenantId": tenant, "uploadTime": AT, "messages": list(messages), **more}


def health(device: str, state: str, at: str = AT) -> dict[str, Any]:
    return {
        "messageId": str(uuid4()),
        "entityType": "deviceHealth",
        "deviceId": device,
        "healthState": state,
        "lastUpdateTime": at,
    }


def threat(device: str, **changes: Any) -> dict[str, Any]:
    return {
        "messageId": str(uuid4()),
        "entityType": "threat",
        "deviceId": device,
        "threatId": "t-1",
        "severity": "high",
        "status": "active",
        "type": "app",
        "classification": "Trojan",
        "description": "An app that sends what is typed to strangers",
        "lastUpdateTime": AT,
        **changes,
    }


RULE = 'device.extensionAttribute1 -in ["mtd:high", "mtd:disconnected"]'


class Scene:
    """A person with a managed phone, and the rules of their organisation."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.tenant = str(lab.tenant()["id"])
        devices = lab.get(f"/tenants/{self.tenant}/devices")
        self.phone = next(
            each for each in devices if each["managed"] and each["platform"] == "ANDROID" and each["upn"]
        )
        self.upn = str(self.phone["upn"])

    def policy(self, **changes: Any) -> None:
        form = {
            "name": "Block phones at risk",
            "state": "enabled",
            "all_users": "on",
            "applications": "All",
            "include_platforms": ["android", "iOS"],
            "filter_mode": "include",
            "filter_rule": RULE,
            "grant": "block",
        } | changes
        answer = self.lab.client.post(f"/portal/{self.tenant}/conditional-access/new", data=form)
        assert answer.status_code == 303, answer.text

    def attribute(self, value: str | None) -> None:
        self.lab.patch(
            f"/tenants/{self.tenant}/devices/{self.phone['id']}",
            {"extension_attributes": {"extensionAttribute1": value}},
        )

    def decide(self, **changes: Any) -> dict[str, Any]:
        body = {"tenant": self.tenant, "user_id": self.upn, "device_id": self.phone["id"], "app": "mail"}
        return dict(self.lab.post("/decision", body | changes))

    def page(self, action: str = "sign-in", **changes: str) -> httpx.Response:
        form = {
            "user": self.upn,
            "device": self.phone["id"],
            "client": "mailApp",
            "app": "mail",
            "action": action,
        }
        return self.lab.client.post(f"/phone/{self.tenant}", data=form | changes)
