"""States of scans, why some have no result, and what may be uploaded, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.scans.models import Scan
from vedette.web.badges import Badge

STATUSES: Final[Mapping[str, Badge]] = {
    Scan.Status.WAITING: Badge(_("Waiting"), "info", "hourglass"),
    Scan.Status.RUNNING: Badge(_("Being analysed"), "info", "activity"),
    Scan.Status.DONE: Badge(_("Done"), "success", "check"),
    Scan.Status.FAILED: Badge(_("Not analysed"), "danger", "x"),
}

FAILURES: Final[Mapping[str, tuple[Promise, Promise]]] = {
    Scan.Failure.UNREADABLE: (
        _("Nothing in the file could be read, so nothing was judged."),
        _("Look whether it is one of the kinds below and came over whole, then upload it again."),
    ),
    Scan.Failure.TIME: (
        _("The analysis took longer than it may, and was ended."),
        _("Upload its parts one by one, for example the backup alone."),
    ),
    Scan.Failure.MEMORY: (
        _("The analysis needed more memory than it may have, and was ended."),
        _("Upload its parts one by one, for example the backup alone."),
    ),
    Scan.Failure.OUTPUT: (
        _("The file holds more than can be shown."),
        _("Upload its parts one by one, for example the backup alone."),
    ),
    Scan.Failure.CRASH: (
        _("The analysis ended without an answer. The service is not affected."),
        _("The file may be broken, or made to break what reads it. Upload its parts one by one."),
    ),
    Scan.Failure.LOST: (
        _("The file was no longer there when it was its turn."),
        _(
            "Upload it again. If that happens often, the worker does not see the folder of uploads: tell the operator."
        ),
    ),
}
"""Why there is no result, and what to do."""


@dataclass(frozen=True)
class Kind:
    """A kind of upload: what it is called, how to get it, what is read of it."""

    name: Promise
    how: str
    read: Promise
    icon: str


KINDS: Final = (
    Kind(
        _("androidqf, zip"), "androidqf", _("the most complete picture of an Android phone"), "brand-android"
    ),
    Kind(
        _("Bug report, zip"),
        "adb bugreport",
        _("properties, packages, administrators, processes, crashes"),
        "bug",
    ),
    Kind(
        _("Texts of dumpsys, getprop, pm"), "adb shell dumpsys > dumpsys.txt", _("what they say"), "file-text"
    ),
    Kind(
        _("Android backup, .ab"),
        "adb backup",
        _("whose data it holds, links in messages; with its password if it has one"),
        "database-import",
    ),
    Kind(
        _("iOS backup, zip of its folder"),
        "idevicebackup2 backup",
        _("version, applications, profiles, visited pages; with its password if it has one"),
        "brand-apple",
    ),
    Kind(
        _("Lists of an iPhone"),
        "ideviceinfo, ideviceinstaller list",
        _("version, lock, applications"),
        "list",
    ),
    Kind(_("Android app, .apk"), "adb pull", _("what it may do, who signed it, what is known of it"), "apps"),
)

READ_AS: Final[Mapping[str, Promise]] = {
    "system properties": _("system properties"),
    "settings": _("settings"),
    "processes": _("processes"),
    "SELinux mode": _("SELinux mode"),
    "list of packages": _("list of packages"),
    "list of files": _("list of files"),
    "root tools": _("root tools"),
    "bug report": _("bug report"),
    "Android backup": _("Android backup"),
    "text messages": _("text messages"),
    "iOS backup": _("iOS backup"),
    "information about an iPhone": _("information about an iPhone"),
    "Android application": _("Android application"),
    "iOS application": _("iOS application"),
    "facts as the agent reports them": _("facts as the agent reports them"),
}
"""What the readers call what they read; names of tools stay as they are."""


def kind_words(kind: str) -> str:
    """Say what an upload was read as, in the reader's language."""
    return ", ".join(str(READ_AS.get(part, part)) for part in kind.split(", "))
