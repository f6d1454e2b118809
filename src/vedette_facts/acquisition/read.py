"""Read an acquisition of any known kind."""

from pathlib import Path, PurePosixPath

from vedette_facts.acquisition.android import ANDROIDQF_LISTS, Reader, is_android
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.acquisition.ios import read_backup, read_texts
from vedette_facts.acquisition.tree import Tree, open_tree
from vedette_facts.limits import UnreadableError
from vedette_facts.report import FactsError, decode_facts

_MOST_FACTS = 1024 * 1024


def read(path: Path, *, name: str = "", password: str = "") -> Acquisition:
    """Read a folder, an archive or a file. UnreadableError when nothing of it could be opened at all.

    A part that cannot be read is named in `unread`; the others are read all the same. `name`: what a single file was
    called, where that differs from the path; `password`: of an encrypted backup or archive.
    """
    tree = open_tree(path, name, password)
    names = tree.names()
    if not names:
        raise UnreadableError("It holds no file.")
    backup = next((name for name in names if PurePosixPath(name).name == "Manifest.db"), None)
    if backup is not None:
        return read_backup(tree, names, backup, password)
    if len(names) == 1 and (whole := _report(tree, names[0])):
        return whole
    whole = None if is_android(names) else read_texts(tree, names)
    return whole or Reader(tree, password).read(names)


def _report(tree: Tree, name: str) -> Acquisition | None:
    """Take a file that already holds facts in the protocol's shape."""
    if not name.endswith(".json") or name in ANDROIDQF_LISTS:
        return None
    content = tree.read(name)
    if len(content) > _MOST_FACTS:
        raise UnreadableError("It is larger than 1 MiB, more than the service takes.")
    try:
        return Acquisition("facts as the agent reports them", decode_facts(content))
    except FactsError as error:
        raise UnreadableError(f"It is not a report: {error.message}, at {error.path}.") from None
