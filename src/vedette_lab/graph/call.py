"""One call of Graph: who asks, for what, and how the answer is wrapped."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from vedette_lab.entra.tokens import Bearer, InvalidTokenError, read_bearer
from vedette_lab.graph import access, options
from vedette_lab.graph.asked import MEDIA, Asked, GraphRoute, Outcome
from vedette_lab.graph.errors import GraphError, bad_request, denied
from vedette_lab.graph.properties import KINDS, Kind, render
from vedette_lab.graph.query import (
    INTUNE_PAGE,
    LARGEST_PAGE,
    Query,
    check,
    check_directory,
    fits,
    page_token,
    read,
)
from vedette_lab.graph_limits import TooManyError, cost
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, Tenant

VERSIONS: Final = ("v1.0", "beta")


@dataclass(slots=True)
class Call:
    """A request whose token was accepted and whose permission was checked."""

    asked: Asked
    cloud: Cloud
    tenant: Tenant
    bearer: Bearer
    version: str

    def param(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.asked.params[name])

    def query(self, *, largest: int = LARGEST_PAGE) -> Query:
        """Return the query options. GraphError 400 for a bad one."""
        return read(self.asked.query, self.asked.headers, largest=largest)

    def body(self) -> Json:
        """Return the JSON object that was sent. GraphError 400 when it is none."""
        return self.asked.body()

    def context(self, path: str, select: Sequence[str] | None = None, *, entity: bool = False) -> str:
        """Return `@odata.context` for a path such as `groups`."""
        chosen = f"({','.join(select)})" if select else ""
        tail = "/$entity" if entity else ""
        return f"{self.cloud.base_url}/{self.version}/$metadata#{path}{chosen}{tail}"

    def may_read(self, kind: Kind) -> bool:
        """Tell whether the application may read objects of a type that come as members."""
        return not self.bearer.roles.isdisjoint(access.MAY_READ[kind.odata_type])

    def entity(self, record: Any, kind: Kind, path: str) -> Json:
        """Return one object as the answer of its own route."""
        query = self.query()
        check(query, (kind,))
        return {
            "@odata.context": self.context(path, query.select, entity=True),
            **render(record, kind, query.select),
        }

    def collection(
        self,
        records: Iterable[Any],
        kind: Kind,
        path: str,
        query: Query | None = None,
        *,
        narrowed: bool = False,
    ) -> Json:
        """Return a page of a directory collection of one type.

        `query` where it is read already; `narrowed` where nothing but what its filter lets through is given.
        """
        query = query or self.query()
        check(query, (kind,))
        check_directory(query)
        ignore_case = not self.cloud.switches.case_sensitive_names
        found = (
            [record for record in records if fits(record, kind, query, ignore_case=ignore_case)]
            if query.narrows and not narrowed
            else list(records)
        )
        return self.page(found, query, path, lambda record: render(record, kind, query.select), kind)

    def objects(self, records: Iterable[Any], path: str = "directoryObjects") -> Json:
        """Return a page of objects of several types, limited to what the application may read."""
        query = self.query()
        check(query, tuple(KINDS.values()))
        check_directory(query)
        found = [record for record in records if not query.narrows or self._passes(record, query)]
        return self.page(found, query, path, lambda record: self.member(record, query.select))

    def _passes(self, record: Any, query: Query) -> bool:
        ignore_case = not self.cloud.switches.case_sensitive_names
        return fits(record, KINDS[type(record)], query, ignore_case=ignore_case)

    def member(self, record: Any, select: tuple[str, ...] | None) -> Json:
        """Return one member with its type; only its id when the application may not read the type."""
        kind = KINDS[type(record)]
        shown = render(record, kind, select) if self.may_read(kind) else {"id": record.id}
        return {"@odata.type": kind.odata_type, **shown}

    def page(
        self,
        records: Sequence[Any],
        query: Query,
        path: str,
        show: Callable[[Any], Json],
        kind: Kind | None = None,
    ) -> Json:
        """Return one page with `@odata.nextLink` while there is more."""
        if query.order is not None:
            records = _ordered(records, query.order, kind)
        size = min(query.page_size, self.cloud.switches.page_size or query.page_size)
        chosen = records[query.offset : query.offset + size]
        answer: Json = {"@odata.context": self.context(path, query.select)}
        if query.advanced and query.offset == 0:
            answer["@odata.count"] = len(records)
        if query.offset + size < len(records):
            answer["@odata.nextLink"] = self._next_link(query.offset + size)
        answer["value"] = [show(record) for record in chosen]
        return answer

    def _next_link(self, offset: int) -> str:
        values = {k: v for k, v in self.asked.query.items() if k != "$skiptoken"}
        values["$skiptoken"] = page_token(offset)
        return f"{self.cloud.base_url}{self.asked.path}?{urlencode(values, safe='$,')}"

    def intune_page(self, records: Sequence[Any], path: str, show: Callable[[Any], Json]) -> Json:
        """Return a page of one of Intune's collections; its filters are not the directory's."""
        return self.page(records, self.query(largest=INTUNE_PAGE), path, show)


def _ordered(records: Sequence[Any], order: tuple[str, bool], kind: Kind | None) -> list[Any]:
    name, descending = order

    def key(record: Any) -> str:
        getter = (kind or KINDS[type(record)]).getters.get(name)
        value = getter(record) if getter else None
        return str("" if value is None else value).casefold()

    return sorted(records, key=key, reverse=descending)


Answer = Json | str | None
Handler = Callable[[Call], Awaitable[Answer]]


def operation(
    method: str, path: str, handler: Handler, *, name: str | None = None, status: int = 200
) -> list[GraphRoute]:
    """Return the routes of an operation for both versions.

    `name` is its row in the permission table where that differs from `path`, as for casts.
    """
    row = f"{method} {name or _plain(path)}"
    assert row in access.ACCESS, row

    async def answering(asked: Asked) -> Outcome:
        return await _answer(asked, row, handler, status)

    return [GraphRoute(f"/{version}{path}", answering, [method]) for version in VERSIONS]


def _plain(path: str) -> str:
    parts = ("{id}" if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


async def _answer(asked: Asked, row: str, handler: Handler, status: int) -> Outcome:
    try:
        call = accept(asked)
        _count(call)
        if call.bearer.user_id is not None or not access.allowed(row, call.bearer.roles):
            raise denied()
        if asked.query:
            options.check(row, asked.path, asked.query)
        answer = await handler(call)
    except GraphError as error:
        return Outcome.refused(error, asked)
    return _outcome(asked, answer, status)


def _count(call: Call) -> None:
    """Count a request against Graph's limits. GraphError 429 when it is one too many."""
    asked, directory = call.asked, call.tenant.directory
    what = cost(asked.method, asked.path, asked.query)
    try:
        told = call.cloud.limits.take(call.tenant.id, call.bearer.app_id, len(directory.users), what)
    except TooManyError as error:
        raise GraphError(429, "TooManyRequests", str(error), headers=error.headers) from None
    asked.limit_headers = told


def _outcome(asked: Asked, answer: Answer, status: int = 200) -> Outcome:
    """Return an answer with Graph's headers: 204 for nothing, text for a count, else JSON."""
    headers = {
        "request-id": asked.request_id,
        "client-request-id": asked.client_id or asked.request_id,
        "Cache-Control": "no-cache",
        "OData-Version": "4.0",
        **asked.limit_headers,
    }
    if answer is None:
        return Outcome(204, headers, None)
    headers["Content-Type"] = "text/plain; charset=utf-8" if isinstance(answer, str) else MEDIA
    return Outcome(status, headers, answer)


def accept(asked: Asked) -> Call:
    """Check the bearer token. GraphError 401 `InvalidAuthenticationToken` says what is wrong with it."""
    tenant, bearer = asked.known or _known(asked)
    asked.tenant_id, asked.app_id = tenant.id, bearer.app_id
    return Call(asked, asked.cloud, tenant, bearer, asked.path.split("/", maxsplit=2)[1])


def _known(asked: Asked) -> tuple[Tenant, Bearer]:
    kind, _, token = asked.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise _unauthenticated("Access token is empty.")
    try:
        bearer = read_bearer(asked.cloud, token.strip())
    except InvalidTokenError as error:
        raise _unauthenticated(str(error)) from None
    tenant = asked.cloud.tenants.get(bearer.tenant_id)
    if tenant is None:
        raise _unauthenticated("Invalid tenant.")
    return tenant, bearer


def signed_in(handler: Handler) -> Callable[[Asked], Awaitable[Outcome]]:
    """Return what answers for `/me`, which needs a person's own token with User.Read."""

    async def answering(asked: Asked) -> Outcome:
        try:
            call = accept(asked)
            if call.bearer.user_id is None:
                raise bad_request("/me request is only valid with delegated authentication flow.")
            if "User.Read" not in {scope.rpartition("/")[2] for scope in call.bearer.scopes}:
                raise denied()
            answer = await handler(call)
        except GraphError as error:
            return Outcome.refused(error, asked)
        return _outcome(asked, answer)

    return answering


def _unauthenticated(message: str) -> GraphError:
    challenge = {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    return GraphError(401, "InvalidAuthenticationToken", message, headers=challenge)
