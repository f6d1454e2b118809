"""`vedette doctor`: looks at the configuration and at everything the service needs, and says what to do."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
import httpx

from vedette.foundation import config
from vedette.project import doctor_resolver as resolver
from vedette.project import environment
from vedette.project.finding import Finding

if TYPE_CHECKING:
    from vedette.foundation.credential import Credential


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, as_json: bool) -> None:
    """Check configuration, database, Microsoft's addresses and mail. Exit 0 all well, 1 something to do."""
    findings = list(examine())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.ok else 'FIX '} {finding.name}: {finding.what}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def examine() -> Iterator[Finding]:
    """Look at one thing after the other; what cannot be looked at is a finding, not a crash."""
    try:
        settings = config.load()
    except config.ConfigError as error:
        yield Finding("configuration", ok=False, what=str(error))
        return
    yield Finding("configuration", ok=True, what=f"VEDETTE_HOME is {settings.home}")
    # what is looked at below speaks through Django, whose settings are made from this configuration
    environment.wake()
    yield _credentials(settings)
    yield _guarded("database", _database)
    yield _guarded("Entra", lambda: _reach(settings, f"{settings.login_url}/common/discovery/instance"))
    yield _guarded("Graph", lambda: _reach(settings, f"{settings.graph_url}/v1.0/"))
    yield _guarded("mail", _mail)
    yield from resolver.examine(settings)


def _credentials(settings: config.Config) -> Finding:
    from vedette.foundation import credential, registration  # noqa: PLC0415 - needs Django awake

    name = "application"
    if not settings.client_id:
        return Finding(name, ok=False, what="Set VEDETTE_CLIENT_ID to the application's ID in Entra.")
    found = credential.of(registration.installation(settings))
    if found.fault:
        return Finding(name, ok=False, what=found.fault)
    if found.kind:
        return _until(name, found)
    return Finding(
        name,
        ok=False,
        what="Set VEDETTE_CLIENT_CERTIFICATE_FILE and VEDETTE_CLIENT_KEY_FILE, or VEDETTE_CLIENT_SECRET.",
    )


def _until(name: str, found: "Credential") -> Finding:
    """Say with what the application proves itself, and until when."""
    from vedette.foundation import credential  # noqa: PLC0415 - needs Django awake

    what = found.kind
    if found.kind == credential.SECRET:
        what += "; a certificate is better (VEDETTE_CLIENT_CERTIFICATE_FILE)"
    if found.kind == credential.FEDERATED:
        return Finding(name, ok=True, what=f"{what}, without end")
    if found.expires is None:
        return Finding(name, ok=True, what=f"{what}; tell its end with VEDETTE_CLIENT_SECRET_EXPIRES")
    mark, day = credential.warning(found.expires), found.expires.date().isoformat()
    if mark is None:
        return Finding(name, ok=True, what=f"{what}, ends {day}")
    when = "has ended on" if mark == credential.EXPIRED else "ends on"
    return Finding(name, ok=False, what=f"{what} {when} {day}: add a new one in Entra and give it to Vedette")


def _guarded(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, ok=True, what=look())
    except Exception as error:  # noqa: BLE001 - whatever goes wrong here is the answer
        return Finding(name, ok=False, what=f"{error} ({type(error).__name__})")


def _database() -> str:
    with environment.database():
        from vedette.foundation import health  # noqa: PLC0415 - needs Django awake

        answer: dict[str, Any] = health.readiness()
    faults = [check for check in answer["checks"] if not check["ok"] and check["name"] != "worker"]
    if faults:
        raise RuntimeError("; ".join(f"{check['name']}: {check['detail']}" for check in faults))
    return ", ".join(f"{check['name']} {check['detail']}" for check in answer["checks"])


def _reach(settings: config.Config, url: str) -> str:
    from vedette.foundation import http  # noqa: PLC0415 - reads the configuration

    del settings
    with http.client(timeout=10.0) as client:
        status = client.get(url).status_code
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise RuntimeError(f"{url} answers {status}")
    return f"{url} answers ({status})"


def _mail() -> str:
    environment.wake()
    from vedette.foundation import mail  # noqa: PLC0415 - needs Django awake

    with mail.connection() as connection:
        return connection.look()
