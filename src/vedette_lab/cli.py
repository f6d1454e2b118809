"""Command line of the lab: `serve` here; `walk` and `fleet` are clients of it and loaded when asked for."""

import gc
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import click
import uvicorn

from vedette_lab import tls
from vedette_lab.app import create_app
from vedette_lab.dropping import DroppableProtocol
from vedette_lab.entra.keys import new_signing_key
from vedette_lab.names import NAMES
from vedette_lab.seed import DEFAULT_PHONES, build_cloud

ELSEWHERE = {"walk": "vedette_lab.walk.cli", "fleet": "vedette_lab.fleet.cli"}


class Commands(click.Group):
    """A group whose other commands live in modules of their own, each as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands that this installation has."""
        return sorted([*super().list_commands(ctx), *(n for n, m in ELSEWHERE.items() if find_spec(m))])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command when it is asked for."""
        if cmd_name in ELSEWHERE and find_spec(ELSEWHERE[cmd_name]):
            return cast("click.Command", import_module(ELSEWHERE[cmd_name]).command)
        return super().get_command(ctx, cmd_name)


@click.command(cls=Commands)
def main() -> None:
    """Stand in for Microsoft's cloud (Entra, Graph, Intune, conditional access) on loopback."""


@main.command()
@click.option("--home", type=click.Path(path_type=Path), required=True, help="Folder for certificates.")
@click.option("--port", type=int, default=8443, show_default=True, help="HTTPS port on 127.0.0.1.")
@click.option("--smtp-port", type=int, default=None, help="Mail port on 127.0.0.1 (default: port + 1).")
@click.option("--dns-port", type=int, help="Name server on 127.0.0.1 that invents addresses (default: none).")
@click.option(
    "--phones", type=int, default=DEFAULT_PHONES, show_default=True, help="Phones of Contoso Outdoors."
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same people.")
def serve(home: Path, port: int, smtp_port: int | None, dns_port: int | None, phones: int, seed: int) -> None:
    """Run the lab until it is stopped. Every start begins anew."""
    files = tls.ensure(home)
    if dns_port is not None:
        tls.ensure_wildcard(home, NAMES)
    cloud = build_cloud(home, f"https://127.0.0.1:{port}", phone_count=phones, seed=seed)
    cloud.smtp_port = smtp_port or port + 1
    cloud.dns_port = dns_port
    # Two keys, as Entra publishes several and rolls over between them.
    cloud.signing_keys = [new_signing_key(), new_signing_key()]
    facts = {"url": cloud.base_url, "ca_file": str(files.authority), "smtp_port": cloud.smtp_port}
    (home / "lab.json").write_text(json.dumps(facts), encoding="utf-8")
    # The seeded records live as long as the process: keep the collector from walking them again and again.
    gc.freeze()
    uvicorn.run(
        create_app(cloud),
        host="127.0.0.1",
        port=port,
        ssl_certfile=files.certificate,
        ssl_keyfile=files.key,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=DroppableProtocol,
        timeout_graceful_shutdown=2,
    )
