"""Pages of the mailbox and its JSON."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vedette_lab.answers import RefusalError, answering, cloud_of, read_json, tenant_of, text
from vedette_lab.mailbox import letters
from vedette_lab.model import Cloud, Mail
from vedette_lab.portal.kit import show

HTML_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""A mail's HTML may style itself and open links in a new tab; scripts, forms and remote images are dead."""
SHOWN = 200


async def every_mail(request: Request) -> Response:
    """`/mailbox`: all mail, newest first, and the addresses that got some."""
    mails = cloud_of(request).mails
    counts: dict[str, int] = {}
    for mail in mails:
        for address in mail.recipients:
            counts[address] = counts.get(address, 0) + 1
    addresses = sorted(counts.items())
    return show(request, "mailbox/list.html", mails=_newest(mails), total=len(mails), addresses=addresses)


async def one_address(request: Request) -> Response:
    """`/mailbox/{address}`: the mail of one address."""
    address = request.path_params["address"]
    mails = _to(cloud_of(request).mails, address)
    return show(request, "mailbox/address.html", address=address, mails=_newest(mails), total=len(mails))


async def one_mail(request: Request) -> Response:
    """`/mailbox/message/{id}`: one mail, its HTML in a sandboxed frame."""
    mail = _find(request)
    if mail is None:
        return show(request, "mailbox/missing.html", status=404)
    return show(request, "mailbox/message.html", mail=mail, links=letters.links(mail))


async def html_part(request: Request) -> Response:
    """`/mailbox/message/{id}/html`: the HTML as it came, under a policy that lets it do nothing."""
    mail = _find(request)
    if mail is None or mail.html is None:
        return show(request, "mailbox/missing.html", status=404)
    page = f'<!doctype html><base target="_blank">{letters.shown(mail)}'
    headers = {"Content-Security-Policy": HTML_POLICY, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(page, headers=headers)


@answering
async def as_json(request: Request) -> Response:
    """`GET /lab/mail?to=&since=`: mails as JSON, oldest first; `since` is a time."""
    mails = cloud_of(request).mails
    address = request.query_params.get("to")
    if address:
        mails = _to(mails, address)
    since = request.query_params.get("since")
    if since:
        mails = [mail for mail in mails if mail.at >= _time(since)]
    return JSONResponse([letters.describe(mail) for mail in mails])


@answering
async def open_mailboxes(request: Request) -> Response:
    """`PUT /lab/tenants/{tid}/mailbox-access`: which mailboxes Exchange opens to an application.

    `{"client_id", "mailboxes": [addresses]}`; null instead of the list takes the restriction away.
    """
    body = await read_json(request)
    client_id, mailboxes = text(body, "client_id"), body.get("mailboxes")
    if not isinstance(mailboxes, list | None):
        raise RefusalError(400, "BadRequest", "mailboxes is a list of addresses or null")
    access = tenant_of(request).mailbox_access
    if mailboxes is None:
        access.pop(client_id, None)
    else:
        access[client_id] = {str(each).lower() for each in mailboxes}
    return JSONResponse({name: sorted(opened) for name, opened in access.items()})


def _time(since: str) -> datetime:
    try:
        # a plus sign that was not escaped arrives as a blank
        found = datetime.fromisoformat(since.replace(" ", "+"))
    except ValueError:
        raise RefusalError(400, "BadRequest", "since must be a time such as 2026-01-01T00:00:00Z") from None
    if found.tzinfo is None:
        raise RefusalError(400, "BadRequest", "since needs a time zone, for example a Z at the end")
    return found


def _find(request: Request) -> Mail | None:
    wanted = request.path_params["mail_id"]
    cloud: Cloud = cloud_of(request)
    return next((mail for mail in reversed(cloud.mails) if mail.id == wanted), None)


def _to(mails: list[Mail], address: str) -> list[Mail]:
    wanted = address.lower()
    return [mail for mail in mails if wanted in {each.lower() for each in mail.recipients}]


def _newest(mails: list[Mail]) -> list[Mail]:
    return mails[-SHOWN:][::-1]


routes: list[BaseRoute] = [
    Route("/lab/mail", as_json, methods=["GET"]),
    Route("/lab/tenants/{tid}/mailbox-access", open_mailboxes, methods=["PUT"]),
    Route("/mailbox", every_mail),
    Route("/mailbox/message/{mail_id}", one_mail),
    Route("/mailbox/message/{mail_id}/html", html_part),
    Route("/mailbox/{address}", one_address),
]
