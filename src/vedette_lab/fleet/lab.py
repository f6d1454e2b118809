"""The fleet's view of the lab: its phones, the mail in their owners' mailboxes, the orders."""

from dataclasses import dataclass
from typing import Any

import httpx

from vedette_facts.versions import patch_date
from vedette_lab.fleet.invitations import Owned
from vedette_lab.fleet.life import Order, Profile


@dataclass(frozen=True)
class Given:
    """An order with its number and the phone it is for (Entra's object id)."""

    number: int
    device: str
    order: Order


class Lab:
    """Asks the lab's control API; httpx.HTTPError when it does not answer as it should."""

    def __init__(self, http: httpx.AsyncClient, url: str, tenant: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._tenant = tenant

    async def phones(self) -> list[Owned]:
        """List the phones of the tenant that somebody owns; laptops and shared devices are not played."""
        tenant = await self._get(f"/lab/tenants/{self._tenant}")
        return [owned(device) for device in tenant["devices"] if playable(device)]

    async def mails(self, since: str | None) -> list[dict[str, Any]]:
        """List the mails from a time on, oldest first."""
        mails: list[dict[str, Any]] = await self._get("/lab/mail", {"since": since} if since else {})
        return mails

    async def orders(self, since: int) -> list[Given]:
        """List the orders with a number above `since`."""
        found = await self._get("/lab/orders", {"since": str(since), "tenant": self._tenant})
        return [
            Given(entry["number"], entry["device"], Order(entry["action"], entry.get("package")))
            for entry in found
        ]

    async def _get(self, path: str, params: dict[str, str] | None = None) -> Any:
        response = await self._http.get(self._url + path, params=params)
        response.raise_for_status()
        return response.json()


def playable(device: dict[str, Any]) -> bool:
    """Whether a device of the directory is a phone that its owner carries and that is in use."""
    return (
        device.get("platform") in {"ANDROID", "IOS"} and bool(device.get("upn")) and device["account_enabled"]
    )


def owned(device: dict[str, Any]) -> Owned:
    """Turn a device of the control API into a phone."""
    managed = device.get("managed") or {}
    patch = managed.get("android_security_patch_level")
    return Owned(
        profile=Profile(
            id=device["id"],
            platform=device["platform"],
            manufacturer=device.get("manufacturer") or "",
            model=device.get("model") or "",
            os_version=device.get("operating_system_version") or "unknown",
            security_patch=patch if patch_date(patch) else None,
            story=device.get("story"),
        ),
        device_id=device["device_id"],
        upn=device["upn"],
        name=device.get("display_name") or "",
        managed=bool(managed),
    )
