"""Command line of the fleet: `python -m vedette_lab fleet`."""

import asyncio
import contextlib
import logging
import signal
import ssl
from pathlib import Path
from random import Random

import click
import httpx

from vedette_agent.client import AgentClient
from vedette_agent.store import MemoryStore
from vedette_agent.transport import Patience, Transport
from vedette_lab.fleet.drive import AT_ONCE, Fleet, Pace
from vedette_lab.fleet.lab import Lab
from vedette_lab.fleet.phone import Phone

_TIMEOUT_SECONDS = 20.0


@click.command("fleet")
@click.option("--lab", required=True, help="Address of the lab, https://127.0.0.1:8443.")
@click.option("--lab-ca", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--server", required=True, help="Address of the service, as its invitations name it.")
@click.option("--tenant", required=True, help="Entra tenant ID whose phones are played.")
@click.option("--home", type=click.Path(path_type=Path), required=True, help="Folder for fleet.json.")
@click.option("--speed", type=click.FloatRange(min=1), default=Pace.speed, show_default=True)
@click.option("--phones", "limit", type=click.IntRange(min=1), default=None, help="Play at most so many.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same lives.")
@click.option("--rate", type=click.FloatRange(0.1, 500), default=Pace.rate, show_default=True)
@click.option("--check-in", type=click.FloatRange(min=1), default=Pace.check_in, show_default=True)
def command(
    *,
    lab: str,
    lab_ca: Path,
    server: str,
    tenant: str,
    home: Path,
    speed: float,
    limit: int | None,
    seed: int,
    rate: float,
    check_in: float,
) -> None:
    """Play the phones of one tenant with the real agent until stopped. Every start begins anew.

    --speed is simulated seconds per real second, --rate the most requests a second, --check-in the least
    seconds between two reports of a phone whose facts did not change.
    """
    logging.basicConfig(level=logging.INFO, format="fleet: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home.mkdir(parents=True, exist_ok=True)
    pace = Pace(speed=speed, rate=rate, check_in=check_in)
    trust = ssl.create_default_context(cafile=lab_ca)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_play(lab, trust, server, tenant, home / "fleet.json", pace, limit=limit, seed=seed))


async def _play(
    lab_url: str,
    trust: ssl.SSLContext,
    server: str,
    tenant: str,
    report: Path,
    pace: Pace,
    *,
    limit: int | None,
    seed: int,
) -> None:
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with (
        httpx.AsyncClient(verify=trust, timeout=_TIMEOUT_SECONDS, trust_env=False) as to_lab,
        httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False) as to_service,
    ):
        lab = Lab(to_lab, lab_url, tenant)
        transport = Transport(to_service, Patience(attempts=2), chance=Random(seed))
        fleet = Fleet(
            lab=lab,
            server=server,
            pace=pace,
            make=lambda: make_phones(lab, transport, seed, limit),
            report=report,
        )
        running = asyncio.ensure_future(fleet.run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        await running


async def make_phones(lab: Lab, transport: Transport, seed: int, limit: int | None) -> dict[str, Phone]:
    """Ask the lab for its phones, those of the stories first, at most `limit`; httpx.HTTPError."""
    every = sorted(await lab.phones(), key=lambda owned: owned.profile.story is None)
    return {
        owned.profile.id: Phone(owned, AgentClient(MemoryStore(), transport), seed) for owned in every[:limit]
    }
