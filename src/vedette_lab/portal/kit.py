"""What the lab's pages share: rendering under a strict policy, paging, and forms of no other site."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from vedette_lab.answers import cloud_of
from vedette_lab.model import Tenant

ROOT = Path(__file__).parent.parent
STATIC = Path(__file__).parent / "static"
PAGE_SIZE = 50
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
Row = TypeVar("Row")
PageHandler = Callable[[Request], Awaitable[Response]]
FormHandler = Callable[[Request, FormData], Awaitable[Response]]


class FormError(ValueError):
    """What somebody typed cannot be taken; the text tells them why."""


def _when(value: datetime | None) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if value else "never"


def _words(value: str) -> str:
    """Turn a wire word such as reportOnlyNotApplied into words."""
    spaced = "".join(f" {char.lower()}" if char.isupper() else char for char in value)
    return spaced[:1].upper() + spaced[1:]


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_ENVIRONMENT.filters |= {"when": _when, "words": _words, "segment": lambda text: quote(str(text), safe="@")}


def show(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template as a page that loads nothing from elsewhere and that no cache keeps."""
    cloud = cloud_of(request)
    shared = {
        "here": request.url.path,
        "tenant": None,
        "tenants": list(cloud.tenants.values()),
        "done": request.query_params.get("done", ""),
    }
    body = _ENVIRONMENT.get_template(template).render(shared | context)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": CONTENT_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(body, status, headers=headers)


def missing(request: Request, what: str) -> HTMLResponse:
    """Answer 404 in words."""
    return show(request, "portal/missing.html", status=404, what=what)


def tenant_page(
    handler: Callable[[Request, Tenant], Awaitable[Response]],
) -> PageHandler:
    """Give a handler the tenant of its path; without one, a page that says so."""

    @wraps(handler)
    async def wrapped(request: Request) -> Response:
        tenant = cloud_of(request).tenant(request.path_params["tid"])
        if tenant is None:
            return missing(request, "This organisation does not exist in the lab.")
        return await handler(request, tenant)

    return wrapped


def same_origin(request: Request) -> bool:
    """Tell whether a form was sent by a page of the lab (or by a program, which sends no Origin)."""
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{request.headers.get('host', '')}"


def tenant_form(
    handler: Callable[[Request, Tenant, FormData], Awaitable[Response]],
) -> PageHandler:
    """Give a handler the tenant and the sent form; forms of other sites are refused."""

    @tenant_page
    async def wrapped(request: Request, tenant: Tenant) -> Response:
        if not same_origin(request):
            return PlainTextResponse("This form was sent by another site and is refused.", 403)
        async with request.form() as form:
            return await handler(request, tenant, form)

    return wrapped


def go(address: str, done: str = "") -> RedirectResponse:
    """Redirect after a form; `done` is a sentence that the next page shows."""
    query = f"?{urlencode({'done': done})}" if done else ""
    return RedirectResponse(f"{address}{query}", 303)


def field(form: FormData, name: str) -> str:
    """Return one text of a form, without blanks around it; absent is empty."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def fields(form: FormData, name: str) -> list[str]:
    """Return every value of a repeated field."""
    return [value for value in form.getlist(name) if isinstance(value, str) and value]


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """One page of a list; `pages` counts from 1."""

    rows: Sequence[Row]
    total: int
    number: int
    pages: int
    query: str


def listing(request: Request, rows: Sequence[Row], matches: Callable[[Row, str], bool]) -> Listing[Row]:
    """Search and page a list by `q` and `page` of the address."""
    query = request.query_params.get("q", "").strip()
    found = [row for row in rows if matches(row, query.lower())] if query else list(rows)
    pages = max(1, -(-len(found) // PAGE_SIZE))
    wanted = request.query_params.get("page", "1")
    number = min(max(1, int(wanted) if wanted.isdecimal() else 1), pages)
    start = (number - 1) * PAGE_SIZE
    return Listing(found[start : start + PAGE_SIZE], len(found), number, pages, query)
