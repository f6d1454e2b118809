"""Setting the stage: folders, ports, variables, and one service after the other until the demo is ready."""

import json
import shutil
import socket
import ssl
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from vedette.foundation import config, postgres
from vedette.project.demo.children import Children, DemoError
from vedette.project.demo.credentials import make_certificate

START_SECONDS: Final = 60.0
RESOLVER_NAME: Final = "dns.vedette.example"
"""The lab's certificate authority vouches for the names below it (vedette_lab/names)."""
PERMISSIONS: Final = (
    "GroupMember.Read.All",
    "User.Read.All",
    "Device.Read.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementServiceConfig.Read.All",
    "DeviceManagementApps.Read.All",
    "DeviceManagementConfiguration.Read.All",
    "Device.ReadWrite.All",
    "Application.Read.All",
    "update_device_health",
)


@dataclass(frozen=True)
class ResolverPorts:
    """Of the lab's name server, DNS over TLS and the block page."""

    names: int
    dot: int
    block: int


@dataclass(frozen=True)
class Stage:
    """Where everything of this demo is. Without `resolver` names are asked over HTTPS alone."""

    settings: config.Config
    phones: int
    resolver: ResolverPorts | None = None

    @property
    def home(self) -> Path:
        """The demo's own folder: a real installation in the same VEDETTE_HOME is never touched."""
        return self.settings.home / "demo"

    @property
    def console(self) -> str:
        """Address of the console and the APIs."""
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def lab(self) -> str:
        """Address of the stand-in for Microsoft's cloud."""
        return f"https://127.0.0.1:{self.settings.lab_port}"

    @property
    def lab_ca(self) -> Path:
        """The lab's certificate authority."""
        return self.home / "lab" / "lab-ca.pem"

    @property
    def result(self) -> Path:
        """The file that says how to reach the demo, written when it is ready."""
        return self.settings.home / "demo.json"


def prepare(stage: Stage) -> None:
    """Begin anew: yesterday's demo is removed, both ports must be free. Raises DemoError."""
    for name, port in (("VEDETTE_PORT", stage.settings.port), ("VEDETTE_LAB_PORT", stage.settings.lab_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise DemoError(
                    f"Port {port} is in use. End what uses it (another demo?) or set {name}."
                ) from error
    stage.result.unlink(missing_ok=True)
    for leftover in ("lab", "clock", "env", "fleet"):
        path = stage.home / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    (stage.home / "lab").mkdir(parents=True, exist_ok=True)


def variables(
    stage: Stage, server: postgres.Server, client_id: str, files: tuple[Path, Path]
) -> dict[str, str]:
    """What the service's processes need to know."""
    smtp_port = stage.settings.lab_port + 1
    return resolver_variables(stage) | {
        "VEDETTE_HOME": str(stage.home),
        "VEDETTE_PORT": str(stage.settings.port),
        "VEDETTE_PUBLIC_URL": stage.console,
        "DATABASE_URL": server.login_url,
        "VEDETTE_MIGRATE_URL": server.owner_url,
        "VEDETTE_LOGIN_URL": stage.lab,
        "VEDETTE_GRAPH_URL": stage.lab,
        "VEDETTE_CLIENT_ID": client_id,
        "VEDETTE_CLIENT_CERTIFICATE_FILE": str(files[0]),
        "VEDETTE_CLIENT_KEY_FILE": str(files[1]),
        "VEDETTE_CA_FILE": str(stage.lab_ca),
        "VEDETTE_ALLOW_PRIVATE_ADDRESSES": "1",
        "VEDETTE_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "VEDETTE_EXCHANGE_SMTP_URL": f"smtp+starttls://127.0.0.1:{smtp_port}",
        "VEDETTE_MAIL_FROM": "Vedette <vedette@vedette.example>",
        "VEDETTE_PARTNER_SIMULATION": "1",
        "VEDETTE_DEMO": "1",
    }


def resolver_ports(lab_port: int) -> ResolverPorts:
    """Return ports for the resolver: those behind the lab's if nobody has them, else any that are free."""
    return ResolverPorts(*(_free(lab_port + number) for number in (2, 3, 4)))


def _free(port: int) -> int:
    for wanted in (port, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted if wanted <= config.MAX_PORT else 0))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No port is free on this machine. End what uses them.")


def resolver_variables(stage: Stage) -> dict[str, str]:
    """What the resolver needs to know: the lab's name server is asked, never one outside."""
    if stage.resolver is None:
        return {}
    home = stage.home / "lab"
    return {
        "VEDETTE_DNS_UPSTREAM": f"127.0.0.1:{stage.resolver.names}",
        "VEDETTE_DOT_PORT": str(stage.resolver.dot),
        "VEDETTE_DOT_NAME": RESOLVER_NAME,
        "VEDETTE_DOT_CERTIFICATE_FILE": str(home / "lab-names.pem"),
        "VEDETTE_DOT_KEY_FILE": str(home / "lab-names.key"),
        "VEDETTE_BLOCK_PORT": str(stage.resolver.block),
        "VEDETTE_SINKHOLE_IPV4": "127.0.0.1",
    }


def lab_client(stage: Stage) -> httpx.Client:
    """Return a client that trusts the lab."""
    context = ssl.create_default_context(cafile=str(stage.lab_ca))
    return httpx.Client(base_url=stage.lab, verify=context, timeout=10.0)


def start_lab(stage: Stage, children: Children) -> None:
    """Start the stand-in for Microsoft's cloud."""
    arguments = ["serve", "--home", str(stage.home / "lab"), "--port", str(stage.settings.lab_port)]
    if stage.resolver:
        arguments += ["--dns-port", str(stage.resolver.names)]
    children.start("lab", "vedette_lab", [*arguments, "--phones", str(stage.phones)], {})


def lab_ready(stage: Stage) -> bool:
    """Tell whether the lab answers."""
    if not stage.lab_ca.exists():
        return False
    try:
        with lab_client(stage) as client:
            return client.get("/lab/tenants").is_success
    except (httpx.HTTPError, ssl.SSLError):
        return False


def register_app(stage: Stage) -> tuple[str, tuple[Path, Path]]:
    """Register Vedette as an application in the lab's Entra, as an operator does once in the real one."""
    files = make_certificate(stage.home)
    body = {
        "display_name": "Vedette",
        "redirect_uris": [f"{stage.console}/signin/callback", f"{stage.console}/consent/callback"],
        "public_redirect_uris": ["http://localhost"],
        "certificate_pem": files[0].read_text(),
        "permissions": list(PERMISSIONS),
    }
    with lab_client(stage) as client:
        answer = client.post("/lab/apps", json=body)
    if answer.is_error:
        raise DemoError(f"The lab refused the application: {answer.text}")
    return str(answer.json()["client_id"]), files


def console_ready(stage: Stage) -> bool:
    """Tell whether the console answers."""
    return _answers(f"{stage.console}/healthz")


def service_ready(stage: Stage) -> bool:
    """Tell whether console, database and worker are fine."""
    return _answers(f"{stage.console}/readyz")


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5.0).is_success
    except httpx.HTTPError:
        return False


def write_result(stage: Stage, walked: dict[str, Any]) -> None:
    """Write demo.json whole or not at all."""
    content = {
        "console": stage.console,
        "lab": stage.lab,
        "lab_ca": str(stage.lab_ca),
        "mailbox": f"{stage.lab}/mailbox",
        "resolver": asdict(stage.resolver) | {"dot_name": RESOLVER_NAME} if stage.resolver else None,
        **walked,
    }
    scratch = stage.result.with_suffix(".tmp")
    scratch.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    scratch.replace(stage.result)


def write_env(stage: Stage, environment: dict[str, str]) -> None:
    """Leave the variables for `vedette --demo …` in another terminal; they hold passwords, so only for the owner."""
    path = stage.home / "env"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
