"""The command `vedette demo`."""

import contextlib
import json
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click

from vedette.foundation import config, postgres
from vedette.project.demo import databases, lock, paste
from vedette.project.demo import stage as staging
from vedette.project.demo.children import Children, DemoError

LOOK_SECONDS = 0.5
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FEEDS = Path(__file__).resolve().parents[2] / "feeds" / "demo"


@click.command()
@click.option(
    "--phones", default=1000, show_default=True, type=click.IntRange(20, 20000), help="Simulated phones."
)
@click.option("--fleet/--no-fleet", default=True, show_default=True, help="Let the phones live.")
def demo(phones: int, *, fleet: bool) -> None:
    """Run everything on this machine until Ctrl-C; each start begins anew."""
    # SIGINT too: a shell that starts the demo in the background lets it ignore Ctrl-C.
    for number in ENDING:
        signal.signal(number, _interrupt)
    settings = config.load()
    stage = staging.Stage(settings, phones, staging.resolver_ports(settings.lab_port))
    try:
        with lock.held(stage.home):
            run(stage, with_fleet=fleet)
    except DemoError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("\nStopped; no process is left behind.")


def run(stage: staging.Stage, *, with_fleet: bool) -> None:
    """Start everything, say how to reach it, and watch it.

    What does not wait for something else starts at once: waking four processes of Python is most of the time.
    """
    say = _Steps()
    staging.prepare(stage)
    with Children(stage.home / "logs") as children, contextlib.ExitStack() as held:
        staging.start_lab(stage, children)
        server = held.enter_context(postgres.acquire(stage.home))
        # whoever is connected goes before the server does
        held.callback(children.stop)
        migrated = databases.begin(server)
        say("PostgreSQL")
        children.wait_for("The lab", lambda: staging.lab_ready(stage), staging.START_SECONDS)
        say(f"A stand-in for Microsoft's cloud with {stage.phones} phones")
        environment = staging.variables(stage, server, *staging.register_app(stage))
        staging.write_env(stage, environment)
        if not migrated:
            children.run("migrate", "vedette", ["migrate"], environment)
            databases.keep(server)
            say("Tables")
        children.start("serve", "vedette", ["serve"], environment)
        children.start("worker", "vedette", ["worker"], environment)
        link = prepare(children, environment)
        children.wait_for("The console", lambda: staging.console_ready(stage), staging.START_SECONDS)
        say("Console and threat intelligence")
        walked = walk(stage, children, environment, link)
        children.wait_for("The service", lambda: staging.service_ready(stage), staging.START_SECONDS)
        say(f"The tenant {walked['tenant']['name']} onboarded page by page, and armed")
        if with_fleet:
            start_fleet(stage, children, walked)
            say("The phones are reporting")
        staging.write_result(stage, walked)
        _tell(stage, walked)
        while True:
            children.check()
            time.sleep(LOOK_SECONDS)


def prepare(children: Children, environment: dict[str, str]) -> str:
    """Import the feeds of the demo and return the link that opens the operator's page."""
    imports = [shlex.join(["intel", "import", str(f), "--name", f.stem]) for f in sorted(FEEDS.iterdir())]
    printed = children.run(
        "prepare", "vedette.project.demo.several", [*imports, "operator link"], environment
    )
    link = re.search(r"https?://\S+/operator/open/\S+", printed)
    if link is None:
        raise DemoError(f"`vedette operator link` printed no link: {printed}")
    return link[0]


def walk(stage: staging.Stage, children: Children, environment: dict[str, str], link: str) -> dict[str, Any]:
    """Onboard the first tenant by driving the same pages a person uses; return what demo.json tells."""
    answer = stage.home / "walk.json"
    answer.unlink(missing_ok=True)
    arguments = ["walk", "--lab", stage.lab, "--lab-ca", str(stage.lab_ca), "--console", stage.console]
    children.run(
        "walk", "vedette_lab", [*arguments, "--operator-link", link, "--out", str(answer)], environment
    )
    result: dict[str, Any] = json.loads(answer.read_text())
    return result


def start_fleet(stage: staging.Stage, children: Children, walked: dict[str, Any]) -> None:
    """Let the phones enrol and report."""
    arguments = ["fleet", "--lab", stage.lab, "--lab-ca", str(stage.lab_ca), "--server", stage.console]
    tenant = walked["tenant"]["entra_tenant_id"]
    children.start(
        "fleet", "vedette_lab", [*arguments, "--tenant", tenant, "--home", str(stage.home / "fleet")], {}
    )


class _Steps:
    """Says what is ready and how long it took."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        click.echo(f"  {time.monotonic() - self._began:5.1f} s  {text}")


def _tell(stage: staging.Stage, walked: dict[str, Any]) -> None:
    line: Callable[[str], None] = click.echo
    line("")
    line(f"  Console    {stage.console}")
    line(f"  Microsoft  {stage.lab}/portal   (a stand-in; certificate authority: {stage.lab_ca})")
    line(f"  Mailbox    {stage.lab}/mailbox")
    if stage.resolver:
        dot, page = stage.resolver.dot, stage.resolver.block
        line(f"  Resolver   127.0.0.1:{dot} for DNS over TLS, :{page} for the page of blocked names")
    line("")
    line(f"  Sign in as (no password: pick the account) in {walked['tenant']['name']}:")
    for account in walked["accounts"]:
        line(f"    {account['upn']:<44} {account['role'].replace('_', ' ')}")
    line("")
    line("  A second organisation is untouched, for your own walk through the set-up:")
    line(f"    {_paste('--demo', 'operator', 'link')}   prints the link to begin with")
    line("")
    line(f"  All addresses and IDs: {stage.result}")
    line("  Ctrl-C ends everything.")


def _paste(*arguments: str) -> str:
    return paste.command(*arguments, python=Path(sys.executable), folder=Path.cwd(), environment=os.environ)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # The first one is heard; a second, impatient one must not leave processes behind.
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
