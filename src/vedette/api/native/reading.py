"""The values of a request: parameters and body into the types of its route. Every fault names its place."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from vedette.api.http import MOST_PARAMETERS, Request
from vedette.api.native.problems import Problem
from vedette.api.native.route import Route
from vedette.intel.safe_yaml import YamlError, load_yaml

JSON_TYPES = frozenset({"application/json"})
YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml"})


def query_of(request: Request, route: Route) -> msgspec.Struct:
    """Return the parameters of the address. Raises Problem."""
    given: dict[str, str] = {}
    for name, value in _pairs(request.target.partition("?")[2]):
        if name in given:
            raise Problem("invalid_request", f"The parameter “{name[:80]}” stands there twice.")
        given[name] = value
    if any("\0" in name or "\0" in value for name, value in given.items()):
        raise Problem("invalid_request", "A parameter contains the character NUL.")
    try:
        return msgspec.convert(given, route.query, strict=False)
    except msgspec.ValidationError as error:
        raise Problem("invalid_request", f"A parameter of the address is wrong: {error}.") from None


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        text = query.encode("latin-1").decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise Problem("invalid_request", "There are too many parameters.") from None


def body_of(route: Route, raw: bytes, content_type: str) -> Any:
    """Return the body as its route wants it; None where it wants none. Raises Problem."""
    kind = content_type.partition(";")[0].strip().lower()
    if route.body is None:
        return None
    if kind in YAML_TYPES and route.yaml:
        return _yaml(route, raw)
    if kind not in JSON_TYPES:
        also = " or application/yaml" if route.yaml else ""
        raise Problem("media_type", f"This address takes application/json{also}, not “{kind[:80]}”.")
    if b"\\u0000" in raw:
        raise Problem("invalid_request", "A text contains the character NUL.")
    try:
        return msgspec.json.decode(raw, type=route.body)
    except msgspec.ValidationError as error:
        raise Problem("invalid_request", f"The body is not what was expected: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("invalid_request", f"The body is no JSON: {error}.") from None


def _yaml(route: Route, raw: bytes) -> Any:
    try:
        given = load_yaml(raw)
        if b"\0" in raw or b"\\0" in raw or b"\\x00" in raw:
            raise Problem("invalid_request", "A text contains the character NUL.")
        # every scalar of the loader is a text, so numbers and truth are read by the type that is wanted
        return msgspec.convert(given, route.body, strict=False)
    except YamlError as error:
        raise Problem("invalid_request", f"The body is no YAML: {error}.") from None
    except (msgspec.ValidationError, RecursionError) as error:
        raise Problem("invalid_request", f"The body is not what was expected: {error}.") from None
