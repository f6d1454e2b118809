"""The command `vedette clock`: move the time of a demo, of service and lab alike."""

import ssl

import click
import httpx

from vedette.foundation import clock as service_clock
from vedette.foundation import config


@click.command()
@click.option(
    "--days", type=float, default=0.0, help="Days ahead of real time; 0 puts the clock right again."
)
@click.option("--hours", type=float, default=0.0, help="Hours, added to the days.")
def clock(days: float, hours: float) -> None:
    """Move the clock of the running demo (vedette --demo clock --days 31).

    Domain time moves: silence, expiry of invitations, Intune's timers. Tokens and certificates do not follow it.
    """
    settings = config.load()
    if not settings.demo:
        raise click.ClickException("The clock moves in a demo only: vedette --demo clock …")
    seconds = (days * 24 + hours) * 3600
    context = ssl.create_default_context(cafile=str(settings.ca_file))
    try:
        answer = httpx.post(
            f"{settings.login_url}/lab/clock", json={"offset_seconds": seconds}, verify=context, timeout=10.0
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise click.ClickException(f"The lab does not answer, so nothing was moved: {error}") from error
    service_clock.move(settings.home, seconds)
    click.echo(f"The demo's time is now {service_clock.now():%Y-%m-%d %H:%M} UTC.")
