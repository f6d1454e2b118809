"""The nine steps of the set-up page, in order, by the pages an administrator uses; then a key for programs."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from vedette_lab.walk.browser import Browser, Page, WalkError

PATIENCE = 60.0
LOOK_AGAIN = 0.2
KEY = re.compile(r"vdk_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}")
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Organisation:
    """A tenant of the lab as its control API names it."""

    id: str
    name: str
    domain: str
    accounts: dict[str, str]
    groups: dict[str, str]


@dataclass
class Walk:
    """One walk: the browser of each person, the lab, and where the console is."""

    browser: Browser
    lab: httpx.Client
    console: str
    organisation: Organisation
    operator_link: str
    tenant_guid: str = ""
    key: str = ""

    def run(self) -> Iterator[tuple[str, float]]:
        """Walk all steps; yield each one's name and how many seconds it took."""
        for step in (
            self.create_account,
            self.consent,
            self.sign_in_again,
            self.connector,
            self.enrollment_groups,
            self.errors_and_settings,
            self.notifications,
            self.policy,
            self.watch_enrollment,
            self.enforce,
            self.arm,
            self.application_key,
        ):
            began = time.monotonic()
            step()
            yield step.__name__, time.monotonic() - began

    def create_account(self) -> None:
        """Step 1: the operator creates the account from IDs that stand in the Entra portal."""
        self.browser.open(self.operator_link)
        self.browser.open(f"{self.console}/operator/accounts/new")
        self.browser.submit(
            "/operator/accounts/new",
            {
                "name": self.organisation.name,
                "entra_tenant_id": self.organisation.id,
                "full_group_id": self.organisation.groups["full"],
                "restricted_group_id": self.organisation.groups["restricted"],
                "primary_contact": self.organisation.accounts["global_administrator"],
            },
        )
        # The account's own ID stands in the address of its page, as a device's does in its.
        self.tenant_guid = _guid(self._shown().url)

    def consent(self) -> None:
        """Step 2: the Global Administrator follows the link of the mail and accepts."""
        contact = self.organisation.accounts["global_administrator"]
        self.browser.open(self._mailed_link(contact))
        self._follow("begin-consent")
        self._pick(contact)
        self.browser.submit("", {}, button=("decision", "accept"))
        self._until(
            lambda: (
                bool(self._shown().document.xpath("//a[@id='to-console']"))
                or "/dashboard" in self._shown().url
            ),
            f"{self.console}/consent/progress",
        )

    def sign_in_again(self) -> None:
        """From the second sign-in on the groups decide: somebody with full access goes on."""
        self.browser.open(f"{self.console}/dashboard/")
        self.browser.submit("/signout", {})
        self.browser.open(f"{self.console}/signin")
        self._follow("sign-in")
        self._pick(self.organisation.accounts["full"])

    def connector(self) -> None:
        """Step 2, continued: connection settings; ready once the first heartbeat succeeded."""
        address = f"{self.console}/system/connectors/intune/connection/"
        self.browser.open(address)
        self.browser.submit("intune/connection", {"heartbeat_minutes": "10"})
        self._until(lambda: "now ready" in self._shown().text or "Enabled" in self._shown().text, address)
        self.browser.submit("intune/connection", {"android_enabled": True, "ios_enabled": True})

    def enrollment_groups(self) -> None:
        """Step 3: the enrollment group, by its display name."""
        name = self._group_name(self.organisation.groups["enrollment"])
        self.browser.open(f"{self.console}/system/connectors/intune/enrollment/")
        self.browser.submit("enrollment/add", {"name": name})
        self.browser.submit("enrollment/add", {})

    def errors_and_settings(self) -> None:
        """Steps 4 to 6: state sync stays as it is, errors go to somebody, thirty days of silence."""
        self.browser.open(f"{self.console}/system/connectors/intune/state-sync/")
        self.browser.open(f"{self.console}/system/connectors/intune/errors/")
        self.browser.submit("intune/errors", {"error_emails": self.organisation.accounts["full"]})
        self.browser.open(f"{self.console}/system/enrollment/settings/")
        self.browser.submit("enrollment/settings", {"days": "30"})

    def notifications(self) -> None:
        """Step 7: mail about high risk."""
        self.browser.open(f"{self.console}/preferences/")
        self.browser.submit("/preferences/", {"notify_high": True})

    def policy(self) -> None:
        """Step 8: the classifications, looked at and left at their defaults."""
        self.browser.open(f"{self.console}/policy/")

    def watch_enrollment(self) -> None:
        """Step 9: phones appear as pending; their people are invited."""
        address = f"{self.console}/devices/?state=pending"
        self._until(lambda: bool(self._shown().document.xpath("//tbody/tr//a")), address)
        self.browser.open(f"{self.console}/system/enrollment/invite")
        self.browser.submit("enrollment/invite", {})

    def enforce(self) -> None:
        """Make the rule at Microsoft by hand: block phones whose attribute says high or disconnected."""
        base = f"/portal/{self.organisation.id}/conditional-access/new"
        self.browser.open(f"{self.lab.base_url}{base}".replace("//portal", "/portal"))
        self.browser.submit(
            base,
            {
                "name": "Vedette: block phones at risk",
                "all_users": True,
                "exclude_users": self.organisation.accounts["break_glass"],
                "filter_mode": "include",
                "filter_rule": 'device.extensionAttribute1 -in ["mtd:high", "mtd:disconnected"]',
                "include_platforms": ["android", "iOS"],
                "grant": "block",
                "state": "enabled",
            },
        )

    def arm(self) -> None:
        """Leave Monitor mode."""
        self.browser.open(f"{self.console}/system/account/arm")
        self.browser.submit("account/arm", {})

    def application_key(self) -> None:
        """Make a key for a program; the page shows it this once."""
        self.browser.open(f"{self.console}/system/keys/new")
        scopes = ["risk.read", "events.read", "feeds.write"]
        page = self.browser.submit("keys/new", {"label": "Demo", "scopes": scopes, "days": ""})
        shown = KEY.search(page.text)
        if shown is None:
            raise WalkError(f"{page.url} shows no key: {page.text[:300]}")
        self.key = shown[0]

    def device_guid(self, upn: str, entra_device_id: str) -> str:
        """Return the service's ID of a phone: a search for its person, then the row whose page names it."""
        found = self.browser.open(f"{self.console}/devices/?{urlencode({'q': upn})}")
        for href in found.document.xpath("//tbody/tr//a[starts-with(@href, '/devices/')]/@href"):
            if entra_device_id in self.browser.open(f"{self.console}{href}").text:
                return _guid(self._shown().url)
        raise WalkError(f"the Devices module does not show the phone {entra_device_id} of {upn}")

    def _mailed_link(self, address: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.lab.get(f"/lab/mail?{urlencode({'to': address})}").json()
            for mail in reversed(answer["mails"] if isinstance(answer, dict) else answer):
                found = re.search(r"https?://\S*/les\?\S+", mail["text"])
                if found:
                    return found[0]
            time.sleep(LOOK_AGAIN)
        raise WalkError(f"no login mail for {address} within {PATIENCE:.0f} s")

    def _follow(self, element_id: str) -> Page:
        return self.browser.open(self._shown().link(f"//a[@id='{element_id}']"))

    def _pick(self, upn: str) -> Page:
        return self.browser.submit("", {}, button=("login", upn))

    def _group_name(self, group_id: str) -> str:
        groups: list[dict[str, Any]] = self.lab.get(f"/lab/tenants/{self.organisation.id}").json()["groups"]
        return next(str(group["display_name"]) for group in groups if group["id"] == group_id)

    def _until(self, ready: Callable[[], bool], address: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if time.monotonic() > deadline:
                raise WalkError(f"{address} did not get there: {self._shown().text[:400]}")
            time.sleep(LOOK_AGAIN)
            self.browser.open(address)

    def _shown(self) -> Page:
        if self.browser.page is None:
            raise WalkError("no page is open")
        return self.browser.page


def _guid(url: str) -> str:
    found = GUID.search(url)
    if found is None:
        raise WalkError(f"{url} holds no ID")
    return found[0]
