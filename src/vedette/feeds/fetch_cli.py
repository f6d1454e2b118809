"""`vedette intel offers|subscribe|fetch|unsubscribe`: feeds that are fetched."""

import click

from vedette.feeds import catalogue, fetch, store
from vedette.intel import FORMATS
from vedette.verdict import CLASSIFICATIONS


@click.command()
def offers() -> None:
    """List public feeds with their licences; `subscribe NAME` begins to fetch one."""
    for feed in catalogue.CATALOGUE:
        click.echo(f"{feed.name}: {feed.title}; {feed.licence}; every {feed.every_hours} h; {feed.address}")


@click.command()
@click.argument("name")
@click.argument("address", required=False)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Else it is recognised.")
@click.option("--classification", type=click.Choice(sorted(CLASSIFICATIONS), case_sensitive=False))
@click.option("--licence", default="")
@click.option("--every-hours", type=click.IntRange(1, 24 * 31), default=24, show_default=True)
@click.option("--confidence", type=click.IntRange(0, 100))
@click.option("--valid-days", type=click.IntRange(min=1))
@click.option("--sha256-at", default="", help="Address at which the SHA-256 of the feed is published.")
def subscribe(
    name: str,
    address: str | None,
    format_: str | None,
    classification: str | None,
    licence: str,
    every_hours: int,
    confidence: int | None,
    valid_days: int | None,
    sha256_at: str,
) -> None:
    """Fetch the feed NAME from ADDRESS from now on; without ADDRESS a public one (`offers`)."""
    public = catalogue.BY_NAME.get(name)
    if address is None and public is None:
        raise click.UsageError(
            f"{name} is no public feed: give its address, or choose one of `intel offers`."
        )
    try:
        if address is None and public is not None:
            fetch.subscribe_public(public)
        else:
            fetch.subscribe(
                name,
                address or "",
                format_=format_ or "",
                untyped=classification or "",
                licence=licence,
                every_hours=every_hours,
                confidence=confidence,
                valid_days=valid_days,
                digest_address=sha256_at,
            )
    except store.FeedError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name} is fetched from now on; now at once: vedette intel fetch {name}")


@click.command("fetch")
@click.argument("names", nargs=-1)
def fetch_(names: tuple[str, ...]) -> None:
    """Fetch NAMES now; without any, those that are due."""
    wanted = list(names) or fetch.due()
    failed = False
    if not wanted:
        click.echo("No feed is due.")
    while wanted:
        name = wanted.pop(0)
        try:
            done = fetch.fetch(name)
        except fetch.FetchError as error:
            failed = True
            click.echo(f"{name}: {error}", err=True)
            continue
        if done.imported is None:
            click.echo(f"{name}: not changed")
        else:
            brought = done.imported
            click.echo(f"{name}: version {brought.number}, {brought.added} added, {brought.removed} removed")
        wanted += done.followed
    if failed:
        raise SystemExit(1)


@click.command()
@click.argument("name")
def unsubscribe(name: str) -> None:
    """Fetch the feed NAME no more; its versions stay in force."""
    try:
        fetch.unsubscribe(name)
    except store.FeedError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name} is fetched no more.")
