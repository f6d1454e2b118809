"""An iOS backup (of iTunes, Finder or libimobiledevice), or what a computer was told about an iPhone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Final

from vedette_facts.acquisition.found import Acquisition, Found
from vedette_facts.acquisition.tree import Tree
from vedette_facts.ios.backup_cipher import BackupKeys, is_encrypted
from vedette_facts.ios.databases import Work, opened, rows
from vedette_facts.ios.device_info import app_list, device_info, facts_of, parse_plist, profile_of
from vedette_facts.ios.histories import histories_of, read_history
from vedette_facts.limits import UnreadableError
from vedette_facts.report import App
from vedette_facts.settings import Profile
from vedette_facts.traces import Trace

_FILES: Final = "select fileID, domain, relativePath from Files where flags = 1"
_RECORDS: Final = "select fileID, domain, relativePath, file from Files where flags = 1"
_PROFILES: Final = "Library/ConfigurationProfiles/"
_PROFILE_DOMAIN: Final = "configurationprofiles"
_SMALL: Final = 4 * 1024 * 1024

Stored = tuple[str, str, str, bytes]
"""fileID, domain, path and, of an encrypted backup, the record of a file, as Manifest.db has them."""


@dataclass(frozen=True)
class _Opened:
    """The files of a backup, decrypted where that is needed."""

    tree: Tree
    keys: BackupKeys | None

    def read(self, name: str, record: bytes) -> bytes:
        content = self.tree.read(name)
        return self.keys.file(content, record) if self.keys else content


def read_backup(tree: Tree, names: list[str], manifest: str, password: str = "") -> Acquisition:
    """Read a backup whose files lie under the first two digits of their IDs."""
    found, work = Found(), Work()
    root = PurePosixPath(manifest).parent
    there = {PurePosixPath(name).name: name for name in names}
    keys = _keys(tree, str(root / "Manifest.plist"), names, password, found)
    opened_tree = _Opened(tree, keys)
    stored = _stored(tree, manifest, keys, found, work)
    profiles: list[Profile] = []
    for file_id, domain, path, record in stored:
        where = f"{domain}/{path}"[:255]
        found.add([Trace(kind="file", value=f"{domain}/{path}"[:4096], where=manifest[:255])])
        if file_id in there:
            content = partial(opened_tree.read, there[file_id], record)
            _file(content, (domain, path, where), found, profiles, work)
    info = _info(tree, str(root / "Info.plist"), names, found)
    facts = facts_of(info, [], profiles if stored else None) if info else None
    return found.done("iOS backup", facts)


def _keys(tree: Tree, path: str, names: list[str], password: str, found: Found) -> BackupKeys | None:
    """Open the keys of an encrypted backup; what keeps them closed is named."""
    if path not in names:
        return None
    try:
        manifest = parse_plist(tree.read(path))
        if not isinstance(manifest, dict) or not is_encrypted(manifest):
            return None
        return BackupKeys(manifest, password)
    except UnreadableError as error:
        found.miss(path, str(error))
        return None


def _stored(tree: Tree, manifest: str, keys: BackupKeys | None, found: Found, work: Work) -> list[Stored]:
    listed = []
    try:
        content = tree.read(manifest)
        with opened(keys.database(content) if keys else content, work) as connection:
            for file_id, domain, path, *record in rows(connection, _RECORDS if keys else _FILES):
                if isinstance(file_id, str) and isinstance(domain, str) and isinstance(path, str):
                    kept = record[0] if record and _is_read(domain, path) else b""
                    listed.append((file_id, domain, path, kept if isinstance(kept, bytes) else b""))
    except UnreadableError as error:
        found.miss(manifest, str(error))
    return listed


def _is_profile(domain: str, path: str) -> bool:
    return _PROFILE_DOMAIN in domain and path.startswith(_PROFILES) and path.endswith((".stub", ".plist"))


def _is_read(domain: str, path: str) -> bool:
    return _is_profile(domain, path) or any(True for _ in histories_of(domain, path))


def _file(
    content: Callable[[], bytes],
    of: tuple[str, str, str],
    found: Found,
    profiles: list[Profile],
    work: Work,
) -> None:
    domain, path, where = of
    try:
        for history in histories_of(domain, path):
            found.add(*read_history(content(), history, where, work))
        if _is_profile(domain, path):
            profile = profile_of(content())
            profiles += [profile] if profile else []
    except UnreadableError as error:
        found.miss(where, str(error))


def _info(tree: Tree, path: str, names: list[str], found: Found) -> dict[str, object]:
    if path not in names:
        found.miss(path, "It is missing, so nothing is known of the iPhone itself.")
        return {}
    try:
        values = parse_plist(tree.read(path))
    except UnreadableError as error:
        found.miss(path, str(error))
        return {}
    return values if isinstance(values, dict) else {}


def read_texts(tree: Tree, names: list[str]) -> Acquisition | None:
    """Read device information and lists of applications of an iPhone; None when no file describes one."""
    kinds = (".plist", ".txt", ".xml", ".csv")
    small = [name for name in names if name.endswith(kinds) and tree.size(name) <= _SMALL]
    found = Found()
    info: dict[str, object] = {}
    apps: list[App] = []
    used = set()
    for name in small:
        try:
            content = tree.read(name)
            if described := device_info(content):
                info.update(described)
                used.add(name)
            elif listed := app_list(content):
                apps += listed
                used.add(name)
        except UnreadableError as error:
            if name.endswith(".plist"):
                found.miss(name, str(error))
                used.add(name)
    if not info and not apps:
        return None
    for name in names:
        if name not in used:
            found.miss(name, "Nothing here reads this kind of file of an iPhone.")
    return found.done("information about an iPhone", facts_of(info, apps, None))
