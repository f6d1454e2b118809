"""People of the console without a window: signed in over HTTP by the same pages, for what is opened by the dozen."""

from __future__ import annotations

import re
import ssl
import uuid

import httpx
from tests.support.demo import Demo

from vedette_lab.walk.browser import Browser
from vedette_lab.walk.onboard import Organisation, Walk


def client_of(demo: Demo) -> httpx.Client:
    """Give a browser's connection: cookies of its own, and trust in the lab's certificate authority."""
    trust = ssl.create_default_context(cafile=demo.facts["lab_ca"])
    return httpx.Client(verify=trust, timeout=30.0, trust_env=False)


def signed_in(demo: Demo, organisation: Organisation, role: str) -> httpx.Client:
    """Sign in as the account of this role; give the connection that holds the session."""
    client = client_of(demo)
    browser = Browser(client)
    page = browser.open(f"{demo.console}/signin")
    browser.open(page.link("//a[@id='sign-in']"))
    browser.submit("", {}, button=("login", organisation.accounts[role]))
    return client


def stranger(demo: Demo) -> tuple[Organisation, httpx.Client]:
    """Make another organisation, onboard it, and sign in there with full access."""
    name = f"Stranger {uuid.uuid4().hex[:6]}"
    made = demo.post("/tenants", {"name": name, "domain": f"{name.lower().replace(' ', '-')}.example"})
    organisation = of_lab(demo, made["id"])
    printed = demo.vedette("operator", "link")
    link = re.search(r"https?://\S+", printed)
    assert link, printed
    client = client_of(demo)
    walk = Walk(Browser(client), demo.control, demo.console, organisation, link[0])
    walk.create_account()
    walk.consent()
    walk.sign_in_again()
    # the operator's page stays with whoever opened it; this person has a session of the console alone
    return organisation, signed_in(demo, organisation, "full")


def of_lab(demo: Demo, tenant_id: str) -> Organisation:
    """Give an organisation as the lab's control API lists it."""
    found = next(each for each in demo.get("/tenants") if each["id"] == tenant_id)
    return Organisation(**{name: found[name] for name in Organisation.__annotations__})


def post(client: httpx.Client, address: str, **fields: str) -> httpx.Response:
    """Send a form as a page of the console would."""
    token = client.cookies.get("csrftoken") or ""
    return client.post(address, data={"csrfmiddlewaretoken": token, **fields}, headers={"Referer": address})
