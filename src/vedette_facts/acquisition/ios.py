"""An iOS backup (of iTunes, Finder or libimobiledevice), or what a computer was told about an iPhone."""

from pathlib import PurePosixPath
from typing import Final

from vedette_facts.acquisition.found import Acquisition, Found
from vedette_facts.acquisition.tree import Tree
from vedette_facts.ios.databases import Work, opened, rows
from vedette_facts.ios.device_info import app_list, device_info, facts_of, parse_plist, profile_of
from vedette_facts.ios.histories import histories_of, read_history
from vedette_facts.limits import UnreadableError
from vedette_facts.report import App
from vedette_facts.settings import Profile
from vedette_facts.traces import Trace

_FILES: Final = "select fileID, domain, relativePath from Files where flags = 1"
_PROFILES: Final = "Library/ConfigurationProfiles/"
_PROFILE_DOMAIN: Final = "configurationprofiles"
_SMALL: Final = 4 * 1024 * 1024

Stored = tuple[str, str, str]
"""fileID, domain and path of a file, as Manifest.db has them."""


def read_backup(tree: Tree, names: list[str], manifest: str) -> Acquisition:
    """Read a backup whose files lie under the first two digits of their IDs."""
    found, work = Found(), Work()
    root = PurePosixPath(manifest).parent
    there = {PurePosixPath(name).name: name for name in names}
    stored = _stored(tree, manifest, found, work)
    profiles: list[Profile] = []
    for file_id, domain, path in stored:
        where = f"{domain}/{path}"[:255]
        found.add([Trace(kind="file", value=f"{domain}/{path}"[:4096], where=manifest[:255])])
        if file_id in there:
            _file(tree, there[file_id], (domain, path, where), found, profiles, work)
    info = _info(tree, str(root / "Info.plist"), names, found)
    facts = facts_of(info, [], profiles if stored else None) if info else None
    return found.done("iOS backup", facts)


def _stored(tree: Tree, manifest: str, found: Found, work: Work) -> list[Stored]:
    listed = []
    try:
        with opened(tree.read(manifest), work) as connection:
            for file_id, domain, path in rows(connection, _FILES):
                if isinstance(file_id, str) and isinstance(domain, str) and isinstance(path, str):
                    listed.append((file_id, domain, path))
    except UnreadableError as error:
        found.miss(manifest, str(error))
    return listed


def _file(tree: Tree, name: str, of: Stored, found: Found, profiles: list[Profile], work: Work) -> None:
    domain, path, where = of
    try:
        for history in histories_of(domain, path):
            found.add(*read_history(tree.read(name), history, where, work))
        if _PROFILE_DOMAIN in domain and path.startswith(_PROFILES) and path.endswith((".stub", ".plist")):
            profile = profile_of(tree.read(name))
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
