"""An Android acquisition: files of androidqf, a bug report, single texts. Name or beginning tell what a file is."""

import hashlib
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

import msgspec

from vedette_facts.acquisition.found import Acquisition, Found
from vedette_facts.acquisition.tree import Tree
from vedette_facts.android import backup, dumpsys
from vedette_facts.android.packages import androidqf_packages, hashes_of, parse_packages
from vedette_facts.android.processes import parse_processes, tombstone
from vedette_facts.android.properties import parse_properties, root_tool
from vedette_facts.android.settings import parse_settings
from vedette_facts.android.texts import Texts, facts_of
from vedette_facts.limits import UnreadableError
from vedette_facts.report import AgentFacts, Facts, FactsError
from vedette_facts.traces import Trace

COLLECTED_BY: Final = AgentFacts(version="acquisition")
ANDROIDQF_LISTS: Final = frozenset({"packages.json", "files.json", "root_binaries.json"})
_MOST_NAMED: Final = 200
_BEGINNING: Final = 4096
T = TypeVar("T")


class Reader:
    """Goes through the files of one acquisition."""

    def __init__(self, tree: Tree, password: str = "") -> None:
        self._tree = tree
        self._password = password
        self._texts = Texts()
        self._found = Found()
        self._kinds: dict[str, None] = {}
        self._passed = 0

    def read(self, names: list[str]) -> Acquisition:
        """Read every file that is known; name every other."""
        for name in names:
            try:
                self._file(name)
            except UnreadableError as error:
                self._found.miss(name, str(error))
            except Exception as error:  # noqa: BLE001 - one odd file must not hide what the others say
                self._found.miss(
                    name, f"The reader failed ({type(error).__name__}); please report this file's kind."
                )
        if self._passed > _MOST_NAMED:
            self._found.miss(
                ".", f"{self._passed - _MOST_NAMED:,} more files of a kind that nothing here reads."
            )
        return self._found.done(", ".join(self._kinds) or "nothing known", self._facts())

    def _facts(self) -> Facts | None:
        if self._texts.is_empty:
            return None
        try:
            return facts_of(self._texts, COLLECTED_BY)
        except FactsError as error:
            self._found.miss(
                ".", f"A fact is beyond what a report may hold: {error.message}, at {error.path}."
            )
            return None

    def _file(self, name: str) -> None:
        base = PurePosixPath(name).name.lower()
        for pattern, method in _BY_NAME:
            if pattern.fullmatch(base):
                method(self, self._tree.read(name), name)
                return
        content = self._tree.read(name) if _may_be_text(base) else b""
        beginning = content[:_BEGINNING]
        for mark, method in _BY_BEGINNING:
            if mark.search(beginning):
                method(self, content, name)
                return
        self._pass_over(name)

    def _pass_over(self, name: str) -> None:
        self._passed += 1
        if self._passed <= _MOST_NAMED:
            self._found.miss(name, "Nothing here reads this kind of file.")

    def properties(self, content: bytes, name: str) -> None:  # noqa: D102 - see _BY_NAME
        self._properties(_text(content), name)

    def _properties(self, text: str, name: str) -> None:
        values = _some(parse_properties(text), "lines like [name]: [value]")
        self._kinds["system properties"] = None
        self._texts.properties.update(values)
        self._found.add([Trace(kind="property", value=each[:4096], where=name[:255]) for each in values])

    def settings(self, content: bytes, name: str) -> None:  # noqa: D102, ARG002 - see _BY_NAME; one shape for all
        self._texts.settings.update(_some(parse_settings(_text(content)), "lines like name=value"))
        self._kinds["settings"] = None

    def processes(self, content: bytes, name: str) -> None:  # noqa: D102, ARG002 - as above
        text = _text(content)
        _some(parse_processes(text), "list of processes with a heading")
        self._kinds["processes"] = None
        self._texts.processes = text

    def selinux(self, content: bytes, name: str) -> None:  # noqa: D102, ARG002 - as above
        word = _text(content).strip()
        if word.lower() not in {"enforcing", "permissive", "disabled"}:
            raise UnreadableError("It holds none of the words Enforcing, Permissive and Disabled.")
        self._kinds["SELinux mode"] = None
        self._texts.selinux = word

    def packages(self, content: bytes, name: str) -> None:  # noqa: D102, ARG002 - as above
        text = _text(content)
        _some(parse_packages(text), "lines like package:NAME")
        self._kinds["list of packages"] = None
        self._texts.packages += text

    def androidqf(self, content: bytes, name: str) -> None:  # noqa: D102 - as above
        self._kinds["androidqf"] = None
        apps, files = androidqf_packages(content, name)
        self._texts.apps += _some(apps, "package with a name")
        self._found.add(files)

    def files(self, content: bytes, name: str) -> None:
        """Read androidqf's list of files, one JSON array or one object a line."""
        rows = _rows(content)
        traces = []
        for row in rows:
            path = row.get("path")
            if isinstance(path, str) and path:
                traces.append(Trace(kind="file", value=path[:4096], where=name[:255], hashes=hashes_of(row)))
        if rows:
            _some(traces, "row with a path")
        self._kinds["list of files"] = None
        self._found.add(traces)

    def root_binaries(self, content: bytes, name: str) -> None:
        """Read the tools for root that androidqf looked for and found."""
        try:
            paths = msgspec.json.decode(content, type=list[str])
        except msgspec.DecodeError as error:
            raise UnreadableError(f"It is not a list of paths: {error}.") from None
        self._kinds["root tools"] = None
        known = self._texts.root_paths or []
        self._texts.root_paths = known + [path[:200] for path in paths]
        for path in paths:
            if root_tool(path) is None:
                self._found.miss(name, f"{path[:200]} is listed as a root binary, but is none that is known.")

    def dumpstate(self, content: bytes, name: str) -> None:
        """Read a bug report's main text or the output of `dumpsys`."""
        text = _text(content)
        services = dumpsys.services(text)
        sections = list(dumpsys.sections(text))
        if not services and not sections:
            self._pass_over(name)
            return
        self._kinds["bug report" if sections else "dumpsys"] = None
        for service, body in services.items():
            if len(body) > len(self._texts.services.get(service, "")):
                self._texts.services[service] = body
        for title, body in sections:
            self._section(title.upper(), body, name)

    def _section(self, title: str, body: str, name: str) -> None:
        if title.startswith("SYSTEM PROPERTIES"):
            self._properties(body, name)
        elif title.startswith(("PROCESSES (", "PROCESSES AND THREADS")):
            self._texts.processes = self._texts.processes or body

    def service(self, content: bytes, name: str) -> None:
        """Read the text of one service, in a file that bears its name."""
        text = _text(content)
        services = dumpsys.services(text)
        if services:
            self._texts.services.update(services)
        elif match := _ONE_SERVICE.fullmatch(PurePosixPath(name).name.lower()):
            self._texts.services.setdefault(_SERVICE_NAMES.get(match[1], match[1]), text)
        self._kinds["dumpsys"] = None

    def tombstone(self, content: bytes, name: str) -> None:  # noqa: D102 - see _BY_NAME
        traces, moments = tombstone(_text(content), name[:255])
        if not traces:
            raise UnreadableError("It is not a tombstone in text form.")
        self._found.add(traces, moments)

    def backup(self, content: bytes, name: str) -> None:
        """Read an Android backup: whose data it holds, and links in text messages."""
        archive = backup.unpack(content, self._password)
        self._kinds["Android backup"] = None
        packages: dict[str, None] = {}
        for path, messages in backup.contents(archive):
            if package := backup.package_of(path):
                packages[package] = None
            if messages is not None:
                try:
                    self._found.add(*backup.messages(messages, f"{name}!{path}"[:255]))
                except UnreadableError as error:
                    self._found.miss(f"{name}!{path}", str(error))
        self._found.add([Trace(kind="app", value=package, where=name[:255]) for package in packages])

    def messages(self, content: bytes, name: str) -> None:  # noqa: D102 - see _BY_NAME
        self._kinds["text messages"] = None
        self._found.add(*backup.messages(content, name[:255]))

    def application(self, content: bytes, name: str) -> None:
        """Keep what an application's file is known by; `vedette scan FILE.apk` looks into it."""
        digests = tuple(
            hashlib.new(kind, content, usedforsecurity=False).hexdigest()
            for kind in ("sha256", "sha1", "md5")
        )
        self._found.add([Trace(kind="file", value=name[:4096], where=name[:255], hashes=digests)])


def _some(read: T, what: str) -> T:
    """Give what was read; UnreadableError when there was none of it."""
    if not read:
        raise UnreadableError(f"It holds no {what}.")
    return read


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


def _may_be_text(base: str) -> bool:
    return PurePosixPath(base).suffix in {"", ".txt", ".log"}


def _rows(content: bytes) -> list[dict[str, Any]]:
    try:
        if content.lstrip()[:1] == b"[":
            return msgspec.json.decode(content, type=list[dict[str, Any]])
        return msgspec.json.Decoder(dict[str, Any]).decode_lines(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableError(f"It is not a list of files: {error}.") from None


_ONE_SERVICE = re.compile(r"dumpsys_(\w+?)(?:_v\d+\w*)?\.txt")
_SERVICE_NAMES: Final = {"packages": "package"}

_Method = Callable[[Reader, bytes, str], None]
_BY_NAME: Final[tuple[tuple[re.Pattern[str], _Method], ...]] = tuple(
    (re.compile(pattern), method)
    for pattern, method in (
        (r"getprop\.txt", Reader.properties),
        (r"settings_\w+\.txt", Reader.settings),
        (r"ps\.txt|processes\.txt", Reader.processes),
        (r"selinux\.txt|getenforce\.txt", Reader.selinux),
        (r"packages\.json", Reader.androidqf),
        (r"files\.json", Reader.files),
        (r"root_binaries\.json", Reader.root_binaries),
        (r"dumpsys\.txt|dumpstate[\w.-]*\.txt|bugreport[\w.-]*\.txt", Reader.dumpstate),
        (_ONE_SERVICE.pattern, Reader.service),
        (r"tombstone_\d\d", Reader.tombstone),
        (r".+\.ab", Reader.backup),
        (r"\d+_(?:sms|mms)_backup", Reader.messages),
        (r".+\.apk", Reader.application),
    )
)
_BY_BEGINNING: Final[tuple[tuple[re.Pattern[bytes], _Method], ...]] = (
    (re.compile(rb"\AANDROID BACKUP\n"), Reader.backup),
    (re.compile(rb"^\[[\w.]+\]: \[", re.MULTILINE), Reader.properties),
    (re.compile(rb"^package:[\w./]", re.MULTILINE), Reader.packages),
    (re.compile(rb"^DUMP OF SERVICE |^== dumpstate: ", re.MULTILINE), Reader.dumpstate),
    (re.compile(rb"^(?:USER|PID|LABEL) .*(?:NAME|CMD)\s*$", re.MULTILINE), Reader.processes),
)


def is_android(names: list[str]) -> bool:
    """Tell by the names alone whether files are those of an Android phone."""
    bases = [PurePosixPath(name).name.lower() for name in names]
    return any(pattern.fullmatch(base) for base in bases for pattern, _method in _BY_NAME)
