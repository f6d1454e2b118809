"""rsyslog of Debian as a receiver: TCP, TLS with or without client certificates, UDP; writes what it understood."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

PROGRAM = shutil.which("rsyslogd") or ("/usr/sbin/rsyslogd" if Path("/usr/sbin/rsyslogd").exists() else None)
MODULES = Path("/usr/lib/x86_64-linux-gnu/rsyslog"), Path("/usr/lib/aarch64-linux-gnu/rsyslog")
HAS_TLS = any((folder / f"lmnsd_{name}.so").exists() for folder in MODULES for name in ("ossl", "gtls"))
DRIVER = "ossl" if any((folder / "lmnsd_ossl.so").exists() for folder in MODULES) else "gtls"
CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="256k" {tls})
module(load="imtcp" {mode})
module(load="imudp")
input(type="imtcp" port="{port}" address="127.0.0.1")
input(type="imudp" port="{udp}" address="127.0.0.1")
template(name="read" type="list" option.jsonf="on") {{
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="severity" name="syslogseverity" format="jsonf")
  property(outname="facility" name="syslogfacility" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="protocol" name="protocol-version" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}}
action(type="omfile" file="{folder}/read.json" template="read")
"""


@dataclass
class Rsyslog:
    """A running rsyslog."""

    port: int
    udp: int
    folder: Path

    def read(self, count: int) -> list[dict[str, Any]]:
        """Wait until it has written so many messages; they come as it understood them."""
        path, until = self.folder / "read.json", time.monotonic() + 30
        lines: list[bytes] = []
        while time.monotonic() < until:
            lines = path.read_bytes().splitlines() if path.exists() else []
            if len(lines) >= count:
                break
            time.sleep(0.02)
        return [msgspec.json.decode(line) for line in lines]


@contextmanager
def running(
    folder: Path, certificate: tuple[Path, Path] | None = None, *, clients: Path | None = None
) -> Iterator[Rsyslog]:
    """Start it; over TLS with a certificate and key, where `clients` demands certificates of these authorities."""
    assert PROGRAM
    tls = mode = ""
    if certificate:
        tls = (
            f'defaultNetstreamDriver="{DRIVER}" defaultNetstreamDriverCAFile="{clients or certificate[0]}" '
            f'defaultNetstreamDriverCertFile="{certificate[0]}" defaultNetstreamDriverKeyFile="{certificate[1]}"'
        )
        mode = f'streamDriver.name="{DRIVER}" streamDriver.mode="1" streamDriver.authMode='
        mode += '"x509/certvalid"' if clients else '"anon"'
    port, udp = _free(socket.SOCK_STREAM), _free(socket.SOCK_DGRAM)
    configuration = folder / "rsyslog.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, udp=udp, tls=tls, mode=mode))
    with subprocess.Popen([PROGRAM, "-n", "-f", configuration, "-i", folder / "pid"]) as process:
        try:
            _wait(process, port)
            yield Rsyslog(port, udp, folder)
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "rsyslog stopped"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("rsyslog does not listen")


def _free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
