"""AndroidManifest.xml to the facts that an inventory of a phone has, too."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from vedette_facts.apk.binary_xml import Element, Value, elements
from vedette_facts.apk.resources import Resources
from vedette_facts.manifest import Manifest

_COMPONENTS: Final = frozenset({"activity", "activity-alias", "service", "receiver", "provider"})
_GUARDED: Final = frozenset({"service", "receiver"})
_ICONS: Final = frozenset({"activity", "activity-alias"})
_PERMISSIONS: Final = frozenset({"uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m"})
_LAUNCHERS: Final = frozenset(
    {"android.intent.category.LAUNCHER", "android.intent.category.LEANBACK_LAUNCHER"}
)
_MAIN: Final = "android.intent.action.MAIN"
_LONGEST: Final = 255
_MOST_REQUESTED, _MOST_GUARDS, _MOST_ACTIONS = 500, 100, 200
_CLEARTEXT_OFF_FROM: Final = 28
"""Android 9 ended unencrypted HTTP for applications made for it, unless they ask for it."""
_LARGEST_CODE: Final = 2**53 - 1
_LARGEST_SDK: Final = 10_000


@dataclass
class ManifestFacts:
    """What the manifest says. `package` is empty when it names none."""

    package: str = ""
    split: str = ""
    version: str | None = None
    version_code: int | None = None
    label: str | None = None
    shared_user: str = ""
    test_only: bool = False
    instruments: str = ""
    components: Counter[str] = field(default_factory=Counter)
    manifest: Manifest = field(default_factory=Manifest)


@dataclass
class _Reading:
    resources: Resources | None
    facts: ManifestFacts = field(default_factory=ManifestFacts)
    requested: dict[str, None] = field(default_factory=dict)
    guards: dict[str, None] = field(default_factory=dict)
    actions: dict[str, None] = field(default_factory=dict)
    debuggable: bool = False
    cleartext: bool | None = None
    min_sdk: int | None = None
    target_sdk: int | None = None
    launcher: bool = False
    component: str = ""
    is_enabled: bool = True
    filter_names: set[str] = field(default_factory=set)
    activity_label: Value | None = None

    def text(self, value: Value | None) -> str | None:
        """Give a value's text, looked up in the resources where it refers to them."""
        if value is None:
            return None
        if value.reference is not None:
            found = self.resources.text(value.reference) if self.resources else None
            return found and found[:_LONGEST]
        return value.text[:_LONGEST] or None


def read_manifest(content: bytes, resources: Resources | None = None) -> ManifestFacts:
    """Read the binary manifest. UnreadableError when it is none."""
    reading = _Reading(resources)
    for element in elements(content):
        _take(reading, element)
    facts = reading.facts
    target = reading.target_sdk or reading.min_sdk
    facts.manifest = Manifest(
        requested=list(reading.requested)[:_MOST_REQUESTED],
        guards=list(reading.guards)[:_MOST_GUARDS],
        actions=list(reading.actions)[:_MOST_ACTIONS],
        # a part, or tests for another application, are not meant to be opened
        launcher=None if facts.split or facts.instruments else reading.launcher,
        debuggable=reading.debuggable,
        cleartext=(target or 1) < _CLEARTEXT_OFF_FROM if reading.cleartext is None else reading.cleartext,
        min_sdk=reading.min_sdk,
        target_sdk=target,
    )
    facts.label = facts.label or reading.text(reading.activity_label)
    return facts


def _take(reading: _Reading, element: Element) -> None:
    name, path = element.name, element.path
    if not path and name == "manifest":
        _manifest(reading, element)
    elif path == ("manifest",):
        _top(reading, element)
    elif path == ("manifest", "application") and name in _COMPONENTS:
        _component(reading, element)
    elif len(path) >= 3 and path[2] == reading.component and path[-1] == "intent-filter":  # noqa: PLR2004 - manifest, application, component
        _filter(reading, element)
    elif name == "intent-filter":
        reading.filter_names = set()


def _manifest(reading: _Reading, element: Element) -> None:
    facts, values = reading.facts, element.attributes
    facts.package = element.text("package")[:_LONGEST]
    facts.split = element.text("split")[:_LONGEST]
    facts.shared_user = (reading.text(values.get("sharedUserId")) or "")[:_LONGEST]
    version = reading.text(values.get("versionName"))
    facts.version = version and version[:128]
    code = _number(values.get("versionCode"))
    major = _number(values.get("versionCodeMajor")) or 0
    facts.version_code = None if code is None else min(major << 32 | code, _LARGEST_CODE)


def _top(reading: _Reading, element: Element) -> None:
    values = element.attributes
    if element.name in _PERMISSIONS:
        _add(reading.requested, element.text("name"))
    elif element.name == "uses-sdk":
        reading.min_sdk = _sdk(values.get("minSdkVersion"))
        reading.target_sdk = _sdk(values.get("targetSdkVersion"))
    elif element.name == "instrumentation":
        reading.facts.instruments = element.text("targetPackage")
    elif element.name == "application":
        reading.facts.label = reading.text(values.get("label"))
        reading.debuggable = _flag(values.get("debuggable")) or False
        reading.cleartext = _flag(values.get("usesCleartextTraffic"))
        reading.facts.test_only = _flag(values.get("testOnly")) or False


def _component(reading: _Reading, element: Element) -> None:
    reading.component = element.name
    reading.facts.components[element.name] += 1
    reading.is_enabled = _flag(element.attributes.get("enabled")) is not False
    if element.name in _GUARDED:
        _add(reading.guards, element.text("permission"))
    if element.name in _ICONS and reading.activity_label is None:
        reading.activity_label = element.attributes.get("label")


def _filter(reading: _Reading, element: Element) -> None:
    name = element.text("name")
    reading.filter_names.add(name)
    if element.name == "action" and reading.component == "receiver":
        _add(reading.actions, name)
    # an icon that is switched off is not there until the application switches it on
    if reading.is_enabled and reading.component in _ICONS and _MAIN in reading.filter_names:
        reading.launcher = reading.launcher or bool(reading.filter_names & _LAUNCHERS)


def _add(kept: dict[str, None], name: str) -> None:
    if name:
        kept.setdefault(name[:_LONGEST])


def _number(value: Value | None) -> int | None:
    return value.number if value else None


def _flag(value: Value | None) -> bool | None:
    return value.flag if value else None


def _sdk(value: Value | None) -> int | None:
    number = _number(value)
    return number if number is not None and 1 <= number <= _LARGEST_SDK else None
