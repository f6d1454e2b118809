"""The service's configuration: environment variables, read once into a typed record (design.md 5).

Any variable can come from a file instead: `NAME_FILE` names a file whose text is the value of `NAME`
(secrets mounted by an orchestrator).
"""

import math
import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property, lru_cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from vedette.foundation import name_server
from vedette.foundation.name_server import NameServer

TRUE: Final = frozenset({"1", "true", "yes", "on"})
FALSE: Final = frozenset({"", "0", "false", "no", "off"})
LOG_LEVELS: Final = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})
MAX_PORT: Final = 65535
MAX_DAYS: Final = 3650
MAX_MEGABYTES: Final = 65536
# What Microsoft documents, by application and tenant: so much in so many seconds (microsoft.md 2.9). Resource units
# of identity are those of the smallest tenants.
GRAPH_LIMITS: Final = (
    "identity=3500/10 identity-writes=3000/150 intune=2000/20 intune-writes=200/20 policy=1/1"
)
MAIL_ROUTES: Final = frozenset({"SMTP", "SMTP_OAUTH", "GRAPH"})
HOST_NAME: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
Ip = TypeVar("Ip", IPv4Address, IPv6Address)
SMTP_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class ConfigError(Exception):
    """A setting is missing or unusable; the message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """Where mail goes out: `tls` from the first byte (smtps), or `starttls` (smtp+starttls)."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: bool
    starttls: bool


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """By which way the installation's mail goes: smtp, or smtp_oauth or graph from an address of Microsoft 365."""

    route: str
    entra_tenant_id: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything the environment decides. URLs carry no trailing slash; secrets do not show in its text."""

    home: Path
    port: int
    lab_port: int
    public_url: str
    allowed_hosts: tuple[str, ...]
    database_url: str | None = field(repr=False)
    migrate_url: str | None = field(repr=False)
    login_url: str
    graph_url: str
    client_id: str | None
    client_certificate: str | None
    client_key: str | None = field(repr=False)
    client_secret: str | None = field(repr=False)
    client_secret_expires: datetime | None
    federated_token_file: Path | None
    platform_token_file: Path | None
    ca_file: Path | None
    allow_private_addresses: bool
    smtp: Smtp
    mail_from: str
    mailbox: Mailbox
    exchange_url: str
    exchange_smtp: Smtp
    partner_simulation: bool
    demo: bool
    log_level: str
    push_days: int
    scan_days: int
    """How long the result of an upload is kept."""
    scan_megabytes: int
    """The largest upload for analysis, in MiB."""
    listen: str
    """Where names are asked over TLS and the block page is served; the console's is an option of `serve`."""
    dot_port: int | None
    """For DNS over TLS; None: not served."""
    dot_name: str
    """Under which each phone has a name of its own, as `dns.vedette.example`."""
    dot_certificate: Path | None
    dot_key: Path | None
    dns_upstream: NameServer | None
    """Asked for tenants that chose none; None: the machine's own name server."""
    block_port: int | None
    """Of the page that blocked names lead to, over plain HTTP; None: not served."""
    sinkhole_ipv4: IPv4Address | None
    sinkhole_ipv6: IPv6Address | None
    graph_limits: Mapping[str, tuple[float, float]] = field(hash=False)
    """Calls or resource units, and the seconds that they are for."""
    given_secret_key: str | None = field(repr=False)

    @cached_property
    def secret_key(self) -> str:
        """The given key, else the one in `$VEDETTE_HOME/secret.key`, made at the first use (mode 0600)."""
        return self.given_secret_key or _kept_secret(self.home / "secret.key")


@lru_cache(maxsize=1)
def current() -> Config:
    """Return the configuration of this process."""
    return load(os.environ)


def load(environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration from the process's environment or the one given.

    Raises ConfigError for the first value that cannot be used.
    """
    value = _Reader(os.environ if environment is None else environment)
    port = value.port("VEDETTE_PORT", 8080)
    public_url = value.url("VEDETTE_PUBLIC_URL", f"http://127.0.0.1:{port}")
    ca_file = value.path("VEDETTE_CA_FILE")
    return Config(
        home=Path(value.text("VEDETTE_HOME") or default_home()).absolute(),
        port=port,
        lab_port=value.port("VEDETTE_LAB_PORT", 8443),
        public_url=public_url,
        allowed_hosts=value.list("VEDETTE_ALLOWED_HOSTS")
        or (urlsplit(public_url).hostname or "", "127.0.0.1", "localhost"),
        database_url=value.text("DATABASE_URL"),
        migrate_url=value.text("VEDETTE_MIGRATE_URL"),
        login_url=value.url("VEDETTE_LOGIN_URL", "https://login.microsoftonline.com"),
        graph_url=value.url("VEDETTE_GRAPH_URL", "https://graph.microsoft.com"),
        client_id=value.text("VEDETTE_CLIENT_ID"),
        client_certificate=value.text("VEDETTE_CLIENT_CERTIFICATE"),
        client_key=value.text("VEDETTE_CLIENT_KEY"),
        client_secret=value.text("VEDETTE_CLIENT_SECRET"),
        client_secret_expires=value.day("VEDETTE_CLIENT_SECRET_EXPIRES"),
        federated_token_file=value.path("VEDETTE_FEDERATED_TOKEN_FILE"),
        # where Azure's workload identity puts a pod's token
        platform_token_file=value.path("AZURE_FEDERATED_TOKEN_FILE"),
        ca_file=ca_file,
        allow_private_addresses=value.flag("VEDETTE_ALLOW_PRIVATE_ADDRESSES"),
        smtp=value.smtp("VEDETTE_SMTP_URL", "smtp://127.0.0.1:25"),
        mail_from=value.text("VEDETTE_MAIL_FROM") or "Vedette <vedette@localhost>",
        mailbox=value.mailbox("VEDETTE_MAIL_ROUTE"),
        exchange_url=value.url("VEDETTE_EXCHANGE_URL", "https://outlook.office365.com"),
        exchange_smtp=value.exchange("VEDETTE_EXCHANGE_SMTP_URL", "smtp+starttls://smtp.office365.com:587"),
        partner_simulation=value.flag("VEDETTE_PARTNER_SIMULATION"),
        demo=value.flag("VEDETTE_DEMO"),
        log_level=value.choice("VEDETTE_LOG_LEVEL", "INFO", LOG_LEVELS),
        push_days=value.days("VEDETTE_PUSH_DAYS", 90),
        scan_days=value.days("VEDETTE_SCAN_DAYS", 90),
        scan_megabytes=value.megabytes("VEDETTE_SCAN_MB", 1024),
        listen=value.text("VEDETTE_RESOLVER_LISTEN") or "127.0.0.1",
        dot_port=value.optional_port("VEDETTE_DOT_PORT"),
        dot_name=value.host("VEDETTE_DOT_NAME"),
        dot_certificate=value.path("VEDETTE_DOT_CERTIFICATE_FILE"),
        dot_key=value.path("VEDETTE_DOT_KEY_FILE"),
        dns_upstream=value.name_server("VEDETTE_DNS_UPSTREAM"),
        block_port=value.optional_port("VEDETTE_BLOCK_PORT"),
        sinkhole_ipv4=value.address("VEDETTE_SINKHOLE_IPV4", IPv4Address),
        sinkhole_ipv6=value.address("VEDETTE_SINKHOLE_IPV6", IPv6Address),
        graph_limits=value.limits("VEDETTE_GRAPH_LIMITS", GRAPH_LIMITS),
        given_secret_key=value.text("VEDETTE_SECRET_KEY"),
    )


def django_database(url: str | None) -> dict[str, Any]:
    """Return Django's settings for a PostgreSQL address (URL or key=value form).

    Without an address Django itself answers the first query with ImproperlyConfigured: commands that
    need no database still run. Raises ConfigError when the address cannot be read.
    """
    try:
        parts = conninfo_to_dict(url or "")
    except ProgrammingError as error:
        # the address holds a password: it is not repeated here
        raise ConfigError(
            "DATABASE_URL cannot be read. Write it as postgresql://user:password@host:port/name."
        ) from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def default_home() -> Path:
    """Return `/var/lib/vedette` for root, else the platform's folder for a user's data."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/vedette")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "vedette"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "vedette"


@dataclass(frozen=True)
class _Reader:
    """Typed access to the variables, with errors that name the variable."""

    environment: Mapping[str, str]

    def text(self, name: str, *, from_file: bool = True) -> str | None:
        value = self.environment.get(name)
        file = self.environment.get(f"{name}_FILE") if from_file else None
        if value and file:
            raise ConfigError(f"{name} and {name}_FILE are both set. Keep one of them.")
        if not file:
            return value.strip() if value else None
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{name}_FILE names {file}, which cannot be read ({error}). Mend the path or its rights."
            ) from error

    def flag(self, name: str) -> bool:
        value = (self.text(name) or "").lower()
        if value not in TRUE | FALSE:
            raise ConfigError(f"{name} is {value!r}. Set it to 1 or 0.")
        return value in TRUE

    def port(self, name: str, default: int) -> int:
        value = self.text(name) or str(default)
        if not value.isascii() or not value.isdigit() or not 0 < int(value) <= MAX_PORT:
            raise ConfigError(f"{name} is {value!r}. Set it to a port number from 1 to {MAX_PORT}.")
        return int(value)

    def optional_port(self, name: str) -> int | None:
        return self.port(name, 1) if self.text(name) else None

    def host(self, name: str) -> str:
        value = (self.text(name) or "").lower().strip(".")
        if value and not HOST_NAME.fullmatch(value):
            raise ConfigError(f"{name} is {value!r}. Set it to a host name like dns.vedette.example.com.")
        return value

    def address(self, name: str, kind: type[Ip]) -> Ip | None:
        value = self.text(name)
        try:
            return kind(value) if value else None
        except ValueError as error:
            raise ConfigError(f"{name} is {value!r}. Set it to an {kind.__name__[:4]} address.") from error

    def name_server(self, name: str) -> NameServer | None:
        value = self.text(name)
        try:
            return replace(name_server.read(value), trusted=True) if value else None
        except name_server.NameServerError as error:
            raise ConfigError(f"{name}: {error}") from error

    def days(self, name: str, default: int) -> int:
        value = self.text(name) or str(default)
        if not value.isascii() or not value.isdigit() or not 0 < int(value) <= MAX_DAYS:
            raise ConfigError(f"{name} is {value!r}. Set it to a number of days from 1 to {MAX_DAYS}.")
        return int(value)

    def megabytes(self, name: str, default: int) -> int:
        value = self.text(name) or str(default)
        if not value.isascii() or not value.isdigit() or not 0 < int(value) <= MAX_MEGABYTES:
            raise ConfigError(f"{name} is {value!r}. Set it to a number of MiB from 1 to {MAX_MEGABYTES}.")
        return int(value)

    def url(self, name: str, default: str) -> str:
        value = (self.text(name) or default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"{name} is {value!r}. Set it to an address like {default}.")
        return value

    def day(self, name: str) -> datetime | None:
        value = self.text(name)
        try:
            return datetime.combine(date.fromisoformat(value), time(), UTC) if value else None
        except ValueError as error:
            raise ConfigError(f"{name} is {value!r}. Set it to a day like 2027-03-31.") from error

    def limits(self, name: str, default: str) -> Mapping[str, tuple[float, float]]:
        known = _limits(default)
        try:
            given = _limits(self.text(name) or "")
        except ValueError as error:
            raise ConfigError(f"{name} cannot be read. Write it as {default}.") from error
        if unknown := set(given) - set(known):
            raise ConfigError(f"{name} names {', '.join(sorted(unknown))}. There are: {', '.join(known)}.")
        return known | given

    def path(self, name: str) -> Path | None:
        value = self.text(name, from_file=False)
        return Path(value) if value else None

    def choice(self, name: str, default: str, choices: frozenset[str]) -> str:
        value = (self.text(name) or default).upper()
        if value not in choices:
            raise ConfigError(f"{name} is {value!r}. Set it to one of {', '.join(sorted(choices))}.")
        return value

    def smtp(self, name: str, default: str) -> Smtp:
        parts = urlsplit(self.text(name) or default)
        try:
            port = parts.port or SMTP_PORTS[parts.scheme]
        except (KeyError, ValueError) as error:
            raise ConfigError(
                f"{name} cannot be used. Write it as smtp://host:port, smtp+starttls://user:password@host"
                " or smtps://user:password@host."
            ) from error
        return Smtp(
            host=parts.hostname or "127.0.0.1",
            port=port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp+starttls",
        )

    def exchange(self, name: str, default: str) -> Smtp:
        found = self.smtp(name, default)
        if not (found.tls or found.starttls):
            raise ConfigError(
                f"{name} would send a token in the clear. Write it as smtp+starttls:// or smtps://."
            )
        return found

    def mailbox(self, name: str) -> Mailbox:
        route = self.choice(name, "SMTP", MAIL_ROUTES).lower()
        if route == "smtp":
            return Mailbox(route=route, entra_tenant_id="", address="")
        tenant, address = self.text("VEDETTE_MAIL_TENANT"), self.text("VEDETTE_MAIL_MAILBOX")
        if not tenant or not address:
            raise ConfigError(
                f"{name} is {route!r}: set VEDETTE_MAIL_TENANT to the Entra tenant ID and VEDETTE_MAIL_MAILBOX to"
                " the address that mail is sent from."
            )
        return Mailbox(route=route, entra_tenant_id=tenant, address=address)

    def list(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in (self.text(name) or "").split(",") if part.strip())


def _limits(text: str) -> dict[str, tuple[float, float]]:
    """Read `name=most/seconds` …; ValueError for anything else."""
    found = {}
    for entry in text.split():
        name, _, rate = entry.partition("=")
        most, _, seconds = rate.partition("/")
        found[name] = float(most), float(seconds)
        if not all(0 < value < math.inf for value in found[name]):
            raise ValueError(entry)
    return found


def _kept_secret(path: Path) -> str:
    """Return the secret in `path`; when there is none, make one: processes that start together agree."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        os.link(draft, path)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()
