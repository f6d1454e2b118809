"""The OpenAPI 3.1 document, made from the routes and their types: it says what the service does, and nothing else."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from vedette.api.native import etags, kept
from vedette.api.native.problems import KINDS, PROBLEM_JSON, ProblemDetails
from vedette.api.native.route import PREFIX, Route
from vedette.tenants.application_keys import SCOPES

REFERENCES: Final = "#/components/schemas/{name}"
JSON: Final = "application/json"
YAML: Final = "application/yaml"
ABOUT: Final = """Read and change devices, threats, policies and more, by application key or with the console's session.

Lists come in pages: send `next` as `cursor` until it is null. Errors are problem details (RFC 9457) with a `code` for
programs and a `next_step` for people. A POST with `Idempotency-Key` is done once, however often it is sent within a
day. See docs/native-api.md for worked examples."""
_TAG: Final = {"description": "Entity tag of what is answered", "schema": {"type": "string"}}
_HEADERS: Final[Mapping[int, Mapping[str, Any]]] = {
    202: {"Location": {"description": "Where to follow it", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "string"}}},
}


def document(routes: Iterable[Route]) -> bytes:
    """Return the document as JSON."""
    listed = tuple(routes)
    kinds = list(dict.fromkeys(kind for route in listed for kind in _kinds(route)))
    schemas, components = msgspec.json.schema_components([*kinds, ProblemDetails], ref_template=REFERENCES)
    named = dict(zip([*kinds, ProblemDetails], schemas, strict=True))
    queries = {route.query: _properties(route, components) for route in listed}
    for query in queries:
        components.pop(query.__name__, None)
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        operation = _operation(route, named, queries[route.query])
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = operation
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "Vedette", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": area} for area in dict.fromkeys(route.area for route in listed)],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _schemes()},
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=1)


def _schemes() -> Mapping[str, Any]:
    scopes = "; ".join(f"`{scope}`: {what}" for scope, (_name, what) in SCOPES.items())
    return {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": f"An application key (`vdk_…`), or the token of one. Scopes of keys: {scopes}.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "vedette_session",
            "description": "The console's session. What changes something needs the header Origin of the console.",
        },
    }


def _kinds(route: Route) -> Iterable[Any]:
    yield route.query
    yield from (kind for kind in (route.body, route.answer, *route.more_answers.values()) if kind)


def _properties(route: Route, components: Mapping[str, Any]) -> list[dict[str, Any]]:
    schema = components.get(route.query.__name__, {})
    needed = schema.get("required", [])
    return [
        _parameter("query", name, _not_null(described), needed=name in needed)
        for name, described in schema.get("properties", {}).items()
    ]


def _parameter(
    place: str, name: str, schema: dict[str, Any], *, needed: bool, text: str = ""
) -> dict[str, Any]:
    about = text or schema.pop("description", "")
    return {
        "name": name,
        "in": place,
        "required": needed,
        **({"description": about} if about else {}),
        "schema": schema,
    }


def _not_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Leave null out: in an address a parameter is there or it is not."""
    rest = {name: value for name, value in schema.items() if name != "default" or value is not None}
    if "anyOf" in rest:
        kinds = [kind for kind in rest.pop("anyOf") if kind != {"type": "null"}]
        rest |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if "enum" in rest:
        rest["enum"] = [value for value in rest["enum"] if value is not None]
    return rest


def _operation(route: Route, named: Mapping[Any, Any], query: list[dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.area],
        "description": " ".join(filter(None, [f"Scope of a key: `{route.scope}`.", route.notes])),
        "security": [{"key": [str(route.scope)]}, {"session": []}],
        "parameters": [*_places(route), *query, *_conditions(route)],
        "responses": {**_answers(route, named), **_refusals(route, named)},
    }
    if route.upload:
        content: dict[str, Any] = {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
        }
        operation["requestBody"] = {"required": True, "content": content}
    elif route.body:
        content = {JSON: {"schema": named[route.body]}}
        if route.yaml:
            content[YAML] = {"schema": named[route.body]}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _places(route: Route) -> list[dict[str, Any]]:
    identity = {"type": "string", "format": "uuid"}
    return [_parameter("path", name, dict(identity), needed=True) for name in route.names]


def _conditions(route: Route) -> list[dict[str, Any]]:
    tags, key = {"type": "string", "pattern": etags.LIST}, {"type": "string", "pattern": kept.KEY}
    found = []
    if route.reads:
        about = "ETag of what you have: 304 when it is still that"
        found.append(_parameter("header", "If-None-Match", tags, needed=False, text=about))
    if route.state:
        about = "ETag of what you have seen: 412 when it is no longer that"
        found.append(_parameter("header", "If-Match", tags, needed=route.match_needed, text=about))
    if route.once:
        about = "Makes it be done once: a repeated request within 24 hours gets the first answer"
        found.append(_parameter("header", "Idempotency-Key", key, needed=False, text=about))
    found += [_parameter("header", name.title(), {"type": "string"}, needed=False) for name in route.headers]
    return found


def _answers(route: Route, named: Mapping[Any, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, kind in ((route.status, route.answer), *route.more_answers.items()):
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if kind is not None:
            answer["content"] = {JSON: {"schema": named[kind]}}
            if route.yaml and route.reads:
                answer["content"][YAML] = {"schema": {"type": "string"}}
        if status in _HEADERS and route.tells_place:
            answer["headers"] = _HEADERS[status]
        answers[str(status)] = answer
    if route.reads:
        answers[str(route.status)]["headers"] = {"ETag": _TAG}
        answers["304"] = {"description": "It is still what If-None-Match names", "headers": {"ETag": _TAG}}
    return answers


def _refusals(route: Route, named: Mapping[Any, Any]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in sorted(route.codes):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {KINDS[code].title}" for code in codes),
            "content": {PROBLEM_JSON: {"schema": named[ProblemDetails]}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status, codes in sorted(by_status.items())
    }
