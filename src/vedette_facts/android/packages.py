"""Lists of packages: `pm list packages` as text, and the JSON list that androidqf writes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from vedette_facts.limits import UnreadableError
from vedette_facts.report import MAX_APPS, App
from vedette_facts.traces import Trace

_PACKAGE = re.compile(
    r"^package:(?:(?P<path>/\S+?\.apk)=)?(?P<package>\S+)(?: versionCode:(?P<code>\d{1,15})\b)?"
    r"(?:\s+installer=(?P<installer>\S+))?"
)
_HEX = re.compile(r"[0-9a-f]{32,128}")
_FINGERPRINTS = {40, 64}
_SHA256 = 64
_LONGEST = 255


def parse_packages(text: str) -> list[App]:
    """Lines `package:NAME versionCode:N installer=NAME` of pm (`-f`: with the path); `installer=null` is none."""
    found = []
    for line in text.splitlines():
        match = _PACKAGE.match(line.strip())
        if match is None or len(match["package"]) > _LONGEST:
            continue
        installer = installer_of(match["installer"])
        found.append(
            App(
                package=match["package"],
                version_code=int(match["code"]) if match["code"] else None,
                installer=installer[:_LONGEST] if installer else None,
            )
        )
    return found


def installer_of(text: str | None) -> str | None:
    """Name the installer; `null` and nothing are none."""
    return None if text in {None, "", "null"} else text


def androidqf_packages(text: bytes, where: str) -> tuple[list[App], list[Trace]]:
    """Applications of androidqf's `packages.json`, and their files with every hash.

    Raises UnreadableError for another shape.
    """
    try:
        rows = msgspec.json.decode(text, type=list[dict[str, Any]])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableError(f"It is not androidqf's list of packages: {error}.") from None
    apps: list[App] = []
    files: list[Trace] = []
    for row in rows[:MAX_APPS]:
        name = row.get("name")
        if isinstance(name, str) and name:
            apps.append(_app(name, row))
            files += _files(row, where)
    return apps, files


def _app(name: str, row: Mapping[str, Any]) -> App:
    apks = [apk for apk in _rows(row.get("files")) if str(apk.get("path", "")).endswith(".apk")]
    base = next((apk for apk in apks if str(apk["path"]).endswith("base.apk")), apks[0] if apks else {})
    certificates: list[str] = []
    for apk in apks:
        certificate = apk.get("certificate")
        if isinstance(certificate, Mapping):
            certificates += [
                digest
                for key in ("Sha256", "Sha1")
                if (digest := _digest(certificate.get(key))) and len(digest) in _FINGERPRINTS
            ]
    sha256 = _digest(base.get("sha256"))
    given = row.get("installer")
    installer = installer_of(given) if isinstance(given, str) else None
    return App(
        package=name[:255],
        installer=installer[:255] if installer else None,
        sha256=sha256 if sha256 and len(sha256) == _SHA256 else None,
        certificates=list(dict.fromkeys(certificates))[:16],
        system=row.get("system") is True,
        enabled=None if "disabled" not in row else row["disabled"] is not True,
    )


def _files(row: Mapping[str, Any], where: str) -> Iterator[Trace]:
    for file in _rows(row.get("files")):
        path = file.get("path")
        if isinstance(path, str) and path:
            yield Trace(kind="file", value=path[:4096], where=where, hashes=hashes_of(file))


def hashes_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Hashes of a row of androidqf: those that are hexadecimal and of a known length."""
    return tuple(digest for key in ("sha256", "sha1", "md5") if (digest := _digest(row.get(key))))


def _digest(value: object) -> str | None:
    text = value.lower() if isinstance(value, str) else ""
    return text if _HEX.fullmatch(text) else None


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
