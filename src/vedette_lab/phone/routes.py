"""Pages of a phone: choose a person and a phone, sign in to mail, get an inbox or the page that blocks."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vedette_lab.answers import cloud_of
from vedette_lab.conditional_access.sign_in import (
    APPLICATIONS,
    Attempt,
    Outcome,
    platform,
    renewed,
    session,
    sign_in,
)
from vedette_lab.directory import Device, User
from vedette_lab.intune_model import Notice
from vedette_lab.model import Cloud, Tenant
from vedette_lab.portal.kit import FormError, field, show, tenant_form, tenant_page

MOST_PEOPLE = 40
MOST_NOTICES = 10
BROWSER = "browser"
WAYS = {
    "mailApp": ("mobileAppsAndDesktopClients", "Mail app with the broker: the phone's identity is presented"),
    BROWSER: ("browser", "Browser without device identity: a private window on the same phone"),
}
PLATFORMS = {"android": "Android", "iOS": "iOS", "windows": "Windows", "macOS": "macOS"}
APPS = {"mail": "Outlook mail", "files": "SharePoint files", "chat": "Teams chat"}


@dataclass(frozen=True)
class Choice:
    """What is chosen on the page."""

    user: User
    device: Device | None
    way: str
    app: str
    claimed: str | None

    def attempt(self) -> Attempt:
        """Return the sign-in this is."""
        presented = self.device if self.way != BROWSER else None
        return Attempt(
            user=self.user,
            application=APPLICATIONS[self.app],
            client_app_type=WAYS[self.way][0],
            platform=platform(self.device, self.claimed),
            device=presented,
        )


async def choose_tenant(request: Request) -> Response:
    """`/phone`: whose phone."""
    return show(request, "phone/tenants.html")


@tenant_page
async def choose_person(request: Request, tenant: Tenant) -> Response:
    """`/phone/{tid}`: find a person; with `?user=` choose phone, application and client."""
    person = tenant.directory.user(request.query_params.get("user", ""))
    if person is not None:
        return _sign_in_page(request, tenant, person)
    query = request.query_params.get("q", "").strip().lower()
    owners = [user for user in tenant.directory.users.values() if tenant.directory.owned_devices(user.id)]
    found = [user for user in owners if _matches(tenant, user, query)]
    return show(
        request,
        "phone/people.html",
        tenant=tenant,
        people=found[:MOST_PEOPLE],
        total=len(found),
        query=query,
        phones=tenant.directory.owned_devices,
    )


def _matches(tenant: Tenant, user: User, query: str) -> bool:
    names = [user.display_name, user.user_principal_name]
    names += [device.display_name for device in tenant.directory.owned_devices(user.id)]
    return not query or any(query in name.lower() for name in names)


def _sign_in_page(request: Request, tenant: Tenant, person: User, error: str = "") -> Response:
    return show(
        request,
        "phone/sign_in.html",
        status=400 if error else 200,
        tenant=tenant,
        user=person,
        devices=tenant.directory.owned_devices(person.id),
        chosen=request.query_params.get("device", ""),
        ways={way: words for way, (_, words) in WAYS.items()},
        platforms=PLATFORMS,
        apps=APPS,
        error=error,
        notices=_notices(tenant, person),
    )


def _notices(tenant: Tenant, person: User) -> list[tuple[Device, Notice]]:
    """What Company Portal shows on this person's phones, newest first."""
    phones = tenant.directory.owned_devices(person.id)
    managed = [(phone, tenant.managed_by_device.get(phone.device_id)) for phone in phones]
    shown = [(phone, notice) for phone, record in managed if record for notice in record.notices]
    return sorted(shown, key=lambda pair: pair[1].at, reverse=True)[:MOST_NOTICES]


def _choice(tenant: Tenant, form: FormData) -> Choice:
    person = tenant.directory.user(field(form, "user"))
    if person is None:
        raise FormError("Choose a person first.")
    device = tenant.directory.devices.get(field(form, "device"))
    way, app = field(form, "client") or "mailApp", field(form, "app") or "mail"
    if way not in WAYS or app not in APPS:
        raise FormError("Choose a client and an application.")
    if device is None and way != BROWSER:
        raise FormError("Choose a phone, or a browser without device identity.")
    claimed = field(form, "platform")
    return Choice(person, device, way, app, claimed if claimed in PLATFORMS else None)


@tenant_form
async def try_sign_in(request: Request, tenant: Tenant, form: FormData) -> Response:
    """`POST /phone/{tid}`: sign in anew, or go on with a session that is still alive."""
    try:
        choice = _choice(tenant, form)
    except FormError as error:
        person = tenant.directory.user(field(form, "user"))
        if person is None:
            return show(request, "portal/missing.html", status=400, what=str(error))
        return _sign_in_page(request, tenant, person, str(error))
    cloud = cloud_of(request)
    alive = session(tenant, choice.attempt(), cloud.now())
    if field(form, "action") == "session":
        if alive is None:
            return _answer(request, cloud, tenant, choice, renewed(cloud, tenant, choice.attempt()))
        return _inbox(request, tenant, choice, expires=alive.expires, fresh=False)
    return _answer(request, cloud, tenant, choice, sign_in(cloud, tenant, choice.attempt()))


def _answer(
    request: Request, cloud: Cloud, tenant: Tenant, choice: Choice, outcome: Outcome | None
) -> Response:
    """Show what came of it; without an outcome there was no session to go on with."""
    if outcome is not None and outcome.token is not None:
        return _inbox(request, tenant, choice, expires=outcome.token.expires, fresh=True)
    return show(
        request,
        "phone/blocked.html" if outcome else "phone/no_session.html",
        status=403 if outcome else 401,
        tenant=tenant,
        choice=choice,
        outcome=outcome,
        app=APPS[choice.app],
        alive=session(tenant, choice.attempt(), cloud.now()),
    )


def _inbox(request: Request, tenant: Tenant, choice: Choice, **facts: Any) -> Response:
    return show(request, "phone/inbox.html", tenant=tenant, choice=choice, app=APPS[choice.app], **facts)


routes: list[BaseRoute] = [
    Route("/phone", choose_tenant, methods=["GET"]),
    Route("/phone/{tid}", choose_person, methods=["GET"]),
    Route("/phone/{tid}", try_sign_in, methods=["POST"]),
]
