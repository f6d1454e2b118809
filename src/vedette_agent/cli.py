"""Command line `vedette-agent`: enroll, check-in, status."""

import asyncio
import json
import os
import ssl
import webbrowser
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import httpx
import msgspec

from vedette_agent import __version__, texts
from vedette_agent import configuration as configurations
from vedette_agent import sign_in as signing_in
from vedette_agent.client import AgentClient, BadAddress, NotEnrolled, Outcome, checked_address
from vedette_agent.collect import AndroidCollector, CollectError, FileCollector, adb_collector, enroll_device
from vedette_agent.configuration import ConfigurationError, Managed
from vedette_agent.identity import PrivateKey
from vedette_agent.sign_in import SignInError
from vedette_agent.store import FileStore, StoreError
from vedette_agent.transport import Offline, Refused, Transport
from vedette_agent.web import WebClient
from vedette_facts.collected import groups
from vedette_facts.protocol import Activated, Waiting
from vedette_facts.report import Facts

OK, REFUSED, USAGE, OFFLINE = 0, 1, 2, 3
_TIMEOUT_SECONDS = 20.0
_EXITS = """
\b
Exit codes:
  0  done
  1  the service refused, or the phone is not activated (yet)
  2  usage: wrong option, unreadable file, no facts
  3  offline: the service could not be asked; reports are queued
"""
T = TypeVar("T")
_FACTS = click.option(
    "--facts",
    type=click.Path(path_type=Path),
    help="File with the phone's facts, or an acquisition of it. Without it, an Android device is asked itself.",
)


@dataclass(frozen=True)
class Run:
    """One run of the command line."""

    store: FileStore
    as_json: bool
    verify: ssl.SSLContext

    def call(self, work: Callable[[AgentClient], Awaitable[T]]) -> T:
        """Do the work with a client; every problem becomes a message and an exit code."""
        try:
            with self.store.locked():
                return asyncio.run(self._with_client(work))
        except Refused as refusal:
            self.fail(
                REFUSED,
                refusal.code,
                [f"Refused: {refusal.answer.message}", refusal.answer.next_step],
                queued=self._queued(),
            )
        except Offline as offline:
            queued, state = self._queued(), self.store.state()
            lines = texts.offline(offline.reason, queued, offline.retry_at)
            lines += texts.last_known(state.last_status, state.last_accepted_at)
            self.fail(OFFLINE, "offline", lines, queued=queued, last_status=state.last_status)
        except NotEnrolled as error:
            self.fail(REFUSED, "not_activated", [str(error), "vedette-agent enroll --server URL --code CODE"])
        except SignInError as error:
            self.fail(REFUSED, "not_signed_in", [str(error)])
        except (StoreError, BadAddress, CollectError, ConfigurationError) as error:
            self.fail(USAGE, "usage", [str(error)])

    async def _with_client(self, work: Callable[[AgentClient], Awaitable[T]]) -> T:
        async with httpx.AsyncClient(verify=self.verify, timeout=_TIMEOUT_SECONDS) as http:
            return await work(AgentClient(self.store, Transport(http)))

    def ask_web(self, work: Callable[[WebClient], Awaitable[T]]) -> T:
        """Do the work with a client of web protection; problems end as in `call`."""
        return self.call(lambda client: work(WebClient(client.store, client.transport)))

    async def sign_in(self, server: str, organisation: str, key_id: str, *, browser: bool) -> str:
        """Have the person sign in; return the token. SignInError, Refused, Offline."""

        def show(address: str) -> None:
            click.echo(f"Sign in with your work account: {address}", err=True)
            if browser:
                webbrowser.open(address)

        async with httpx.AsyncClient(verify=self.verify, timeout=_TIMEOUT_SECONDS) as http:
            where = await signing_in.place(http, server, organisation)
            return await signing_in.sign_in(http, where, key_id, show)

    def _queued(self) -> int:
        return len(self.store.queue.entries())

    def say(self, result: str, lines: Sequence[str], detail: Any = None, *, code: int = OK) -> None:
        """Tell the result, as text or as one JSON object, and end with the exit code unless it is 0."""
        if self.as_json:
            click.echo(json.dumps({"result": result, "exit": code, "detail": msgspec.to_builtins(detail)}))
        else:
            click.echo("\n".join(lines))
        if code != OK:
            raise SystemExit(code)

    def fail(self, code: int, result: str, lines: Sequence[str], **detail: object) -> NoReturn:
        """Tell a problem (on standard error when as text) and end."""
        if self.as_json:
            message = " ".join(line for line in lines if line)
            click.echo(
                json.dumps(
                    {
                        "result": result,
                        "exit": code,
                        "message": message,
                        "detail": msgspec.to_builtins(detail),
                    }
                )
            )
        else:
            click.echo("\n".join(lines), err=True)
        raise SystemExit(code)


@click.group(epilog=_EXITS)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="VEDETTE_AGENT_HOME",
    default=Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")).expanduser() / "vedette-agent",
    show_default=True,
    help="Folder of this phone's identity and queue.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option(
    "--ca",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    envvar="VEDETTE_CA_FILE",
    help="PEM file of an additional certificate authority to trust.",
)
@click.version_option(__version__, prog_name="vedette-agent")
@click.pass_context
def main(context: click.Context, home: Path, *, as_json: bool, ca: Path | None) -> None:
    """Vedette's reference agent: binds this phone to your organisation and reports its health."""
    trust = ssl.create_default_context()
    if ca is not None:
        try:
            trust.load_verify_locations(cafile=ca)
        except ssl.SSLError as error:
            raise click.BadParameter(f"{ca} holds no PEM certificate.", param_hint="--ca") from error
    context.obj = Run(FileStore(home), as_json, trust)


@main.command(epilog=_EXITS)
@click.option("--server", help="Address of the service, as in the invitation.")
@click.option("--code", help="Activation code of the invitation, like 7KQF-9XPM-2WTD.")
@click.option("--entra-device-id", help="Device ID in Entra, where the MDM told it.")
@click.option(
    "--configuration",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON file with the managed app configuration: activates by it, or tells --sign-in the organisation.",
)
@click.option("--sign-in", "by_sign_in", is_flag=True, help="Activate by signing in with your work account.")
@click.option("--organisation", help="With --sign-in: your work address, its domain or the tenant ID.")
@click.option("--no-browser", is_flag=True, help="With --sign-in: only print the address to open.")
@click.option("--name", help="Name of this phone, for the people who look after it.")
@click.option("--again", is_flag=True, help="Make a new identity although this phone is activated.")
@_FACTS
@click.pass_obj
def enroll(
    run: Run,
    *,
    server: str | None,
    code: str | None,
    entra_device_id: str | None,
    configuration: Path | None,
    by_sign_in: bool,
    organisation: str | None,
    no_browser: bool,
    name: str | None,
    facts: Path | None,
    again: bool,
) -> None:
    """Activate this phone with the code of the invitation, by app configuration, or by signing in.

    Without any of them an activation that waits is asked for again.
    """

    async def work(client: AgentClient) -> Activated | Waiting:
        managed = configurations.read(configuration) if configuration else Managed()
        address = server or managed.server
        if not address and code is None and not by_sign_in:
            answer = await client.resume()
            if answer is None:
                raise click.UsageError("No activation waits. Give --server and --code of your invitation.")
            return answer
        if not address or (code is None and not by_sign_in and configuration is None):
            raise click.UsageError("Give both --server and --code, or --sign-in or --configuration.")
        if code is not None and by_sign_in:
            raise click.UsageError("Give --code or --sign-in, not both.")
        identity = client.store.identity()
        if identity is not None and not client.store.state().retired and not again:
            raise click.UsageError(
                f"This phone is activated already (device {identity.device_id}). "
                "Use --again to make a new identity; the old one is retired then."
            )
        device = enroll_device(_collect(facts), name)
        if by_sign_in:
            key = PrivateKey.make()
            token = await run.sign_in(
                checked_address(address), organisation or managed.tenant, key.key_id, browser=not no_browser
            )
            return await client.enroll_signed_in(address, key, token, device)
        if code is None:
            return await client.enroll_configured(address, managed.claim(), device)
        known = entra_device_id or managed.entra_device_id or None
        return await client.enroll(address, code, device, entra_device_id=known)

    _tell_enrolment(run, run.call(work))


@main.command("check-in", epilog=_EXITS)
@_FACTS
@click.pass_obj
def check_in(run: Run, facts: Path | None) -> None:
    """Report this phone's facts, after those that wait from offline times."""
    _report(run, lambda: _collect(facts))


@main.command(epilog=_EXITS)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--adb", "serial", is_flag=False, flag_value="", help="Ask the phone on adb (SERIAL, or the only one)."
)
@click.pass_obj
def scan(run: Run, path: Path | None, serial: str | None) -> None:
    """Report what was collected of this phone: an acquisition at PATH, or the phone on adb.

    PATH: a folder or zip of androidqf, a bug report, an Android or iOS backup, texts of dumpsys, getprop and pm.
    """
    if path is not None and serial is not None:
        raise click.UsageError("Name a PATH or a phone (--adb), not both.")
    _report(run, lambda: adb_collector(serial).collect() if serial is not None else _collect(path))


def _report(run: Run, collect: Callable[[], Facts]) -> None:
    async def work(client: AgentClient) -> Outcome | Waiting:
        if client.store.identity() is None:
            waiting = await client.resume()
            if waiting is None:
                client.identity()
            if isinstance(waiting, Waiting):
                return waiting
        return await client.check_in(collect())

    outcome = run.call(work)
    if isinstance(outcome, Waiting):
        _tell_enrolment(run, outcome)
    elif outcome.answer is not None:
        run.say("accepted", texts.accepted(outcome.accepted, outcome.answer), outcome)


@main.command(epilog=_EXITS)
@click.pass_obj
def status(run: Run) -> None:
    """Show this phone's state, its threats and how to fix them."""
    answer = run.call(lambda client: client.status())
    run.say("status", texts.state(answer), answer)


@main.command("check-link", epilog=_EXITS)
@click.argument("link", required=False)
@click.option("--text", help="A message: each link in it is judged.")
@click.option("--qr", help="What a QR code says.")
@click.pass_obj
def check_link(run: Run, link: str | None, text: str | None, qr: str | None) -> None:
    """Say whether a LINK is dangerous. It stays on this phone unless a list names it; texts and codes are sent.

    Exit 1 also where a link is dangerous.
    """
    given = [each for each in (("link", link), ("text", text), ("qr", qr)) if each[1] is not None]
    if len(given) != 1:
        raise click.UsageError("Name one LINK, or a text (--text), or the content of a QR code (--qr).")
    ((way, content),) = given
    try:
        checked = run.ask_web(lambda client: client.look_at(way, content or ""))
    except ValueError as error:
        raise click.UsageError(f"{content!r} is no link.") from error
    code = REFUSED if any(item.stopped for item in checked.answer.links) else OK
    run.say(checked.answer.outcome, texts.checked(checked), checked, code=code)


@main.command("resolver", epilog=_EXITS)
@click.argument("act", type=click.Choice(["show", "make", "pause", "resume"]), default="show")
@click.option("--minutes", type=click.IntRange(1, 1440), help="With pause: for how long.")
@click.pass_obj
def resolver(run: Run, act: str, minutes: int | None) -> None:
    """Show how this phone's names are protected, make its address at the resolver, pause or resume."""
    answer = run.ask_web(lambda client: client.resolver(act, minutes))
    run.say(act, texts.resolver(answer), answer)


@main.command(epilog=_EXITS)
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.pass_obj
def collected(run: Run, language: str) -> None:
    """Show what is collected of this phone, what becomes of it, and what never is."""
    asked = run.store.state().collect
    fields = {field.path: field.fate(asked) for group in groups() for field in group.fields}
    run.say("collected", texts.collected(asked, language), {"asked": asked, "fields": fields})


def _collect(path: Path | None) -> Facts:
    return (FileCollector(path) if path is not None else AndroidCollector()).collect()


def _tell_enrolment(run: Run, answer: Activated | Waiting) -> None:
    if isinstance(answer, Activated):
        run.say("activated", texts.activated(answer), answer)
    else:
        run.say("waiting", texts.waiting(answer), answer, code=REFUSED)


if __name__ == "__main__":
    main()
