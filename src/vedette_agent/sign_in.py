"""Signing the person in at Entra: authorization code with PKCE as a public client (RFC 8252, RFC 7636).

The browser comes back to a port of this machine's loopback interface. The nonce is the thumbprint of the phone's
key, so that the token is of no use to anybody else's.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

from vedette_agent.transport import Offline, read_answer
from vedette_facts.protocol import SIGN_IN_PATH, SignInPlace

WAIT_SECONDS: Final = 300.0
_MOST_REQUEST_BYTES: Final = 16384
_PAGE: Final = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
    "Content-Length: {length}\r\n\r\n{body}"
)
_TEXT: Final = (
    "<!doctype html><title>Vedette</title><p>Done. Go back to the app; this page can be closed.</p>"
)


class SignInError(RuntimeError):
    """The person is not signed in; the text says why and what to do."""


class _TokenAnswer(msgspec.Struct):
    """The part of Entra's answer that counts here."""

    id_token: str = ""
    error_description: str = ""


async def place(http: httpx.AsyncClient, server: str, organisation: str) -> SignInPlace:
    """Ask the service where to sign in; Refused (unknown organisation), Offline, SignInError."""
    query = {"organisation": organisation} if organisation else {}
    try:
        response = await http.get(server + SIGN_IN_PATH, params=query)
    except httpx.TransportError as error:
        raise Offline(f"The service could not be reached ({error}).") from None
    found = read_answer(response, SignInPlace)
    for address in (found.authorization_endpoint, found.token_endpoint):
        if urlsplit(address).scheme != "https":
            raise SignInError(f"The service names {address} for the sign-in, which is not encrypted.")
    return found


async def sign_in(
    http: httpx.AsyncClient,
    where: SignInPlace,
    key_id: str,
    show: Callable[[str], None],
    *,
    wait: float = WAIT_SECONDS,
) -> str:
    """Have the person sign in and return the id_token bound to `key_id`. `show` gets the address to open.

    Raises SignInError and Offline.
    """
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    answered: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda r, w: _receive(r, w, state, answered), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        redirect_uri = f"http://localhost:{port}"
        show(_address(where, redirect_uri, state, key_id, verifier))
        try:
            answer = await asyncio.wait_for(answered, wait)
        except TimeoutError:
            raise SignInError("Nobody signed in within five minutes. Start again.") from None
    if "code" not in answer:
        said = answer.get("error_description") or answer.get("error") or "no reason given"
        raise SignInError(f"Microsoft did not sign you in: {said.splitlines()[0]}")
    return await _redeem(http, where, answer["code"], redirect_uri, verifier)


def _address(where: SignInPlace, redirect_uri: str, state: str, key_id: str, verifier: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": where.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "response_mode": "query",
        "scope": where.scope,
        "state": state,
        "nonce": key_id,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "prompt": "select_account",
    }
    return f"{where.authorization_endpoint}?{urlencode(query)}"


async def _receive(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    state: str,
    answered: "asyncio.Future[dict[str, str]]",
) -> None:
    """Take the browser's way back; what does not carry our state is answered and ignored."""
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        target = head[:_MOST_REQUEST_BYTES].split(b" ", 2)[1].decode("latin-1")
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if query.get("state") == state and not answered.done():
            answered.set_result(query)
        writer.write(_PAGE.format(length=len(_TEXT), body=_TEXT).encode())
        await writer.drain()
    except (
        asyncio.IncompleteReadError,
        asyncio.LimitOverrunError,
        TimeoutError,
        IndexError,
        ConnectionError,
    ):
        pass
    finally:
        writer.close()


async def _redeem(
    http: httpx.AsyncClient, where: SignInPlace, code: str, redirect_uri: str, verifier: str
) -> str:
    form = {
        "grant_type": "authorization_code",
        "client_id": where.client_id,
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "scope": where.scope,
    }
    try:
        response = await http.post(where.token_endpoint, data=form)
        answer = msgspec.json.decode(response.content, type=_TokenAnswer)
    except httpx.TransportError as error:
        raise Offline(f"Microsoft could not be reached ({error}).") from None
    except msgspec.MsgspecError:
        raise SignInError("Microsoft's answer could not be read. Start again.") from None
    if not answer.id_token:
        said = (answer.error_description or "no reason given").splitlines()[0]
        raise SignInError(f"Microsoft did not sign you in: {said}")
    return answer.id_token
