"""The organisation's own word on applications: allow and deny lists, and rules on capabilities."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from vedette.detection.capabilities import capabilities
from vedette.detection.installers import is_side_loaded
from vedette.detection.labels import app_label
from vedette.verdict.findings import Evidence, app_key
from vedette_facts.report import App

LISTED: Final = "apps.denied"
CAPABILITY: Final = "apps.capability"
Subject = Literal["package", "signer", "sha256"]


@dataclass(frozen=True)
class Named:
    """An application on a list: by package (`com.example.*` for all that begin so), signer or file; and why."""

    subject: Subject
    value: str
    note: str = ""


@dataclass(frozen=True)
class CapabilityRule:
    """Applications that can do all of `all_of` and none of `none_of` are against the rules of the organisation."""

    name: str
    all_of: frozenset[str]
    none_of: frozenset[str] = frozenset()
    only_side_loaded: bool = False


@dataclass(frozen=True)
class AppLists:
    """Lists of one organisation. What is allowed is not reported, whatever feeds and weights say; denied wins."""

    allowed: Mapping[tuple[Subject, str], Named] = field(default_factory=dict)
    denied: Mapping[tuple[Subject, str], Named] = field(default_factory=dict)
    rules: tuple[CapabilityRule, ...] = ()

    @classmethod
    def of(
        cls, allowed: Iterable[Named] = (), denied: Iterable[Named] = (), rules: Iterable[CapabilityRule] = ()
    ) -> "AppLists":
        """Make lists of entries."""
        return cls(
            {(entry.subject, entry.value): entry for entry in allowed},
            {(entry.subject, entry.value): entry for entry in denied},
            tuple(rules),
        )

    def allows(self, app: App) -> bool:
        """Whether an application is excepted from judgement. An entry on both lists is denied."""
        return _entry(app, self.allowed) is not None and self.denies(app) is None

    def without_allowed_signers(self) -> "AppLists":
        """Give the lists for a file whose signer is a claim: anybody can copy a certificate into a file."""
        allowed = {key: entry for key, entry in self.allowed.items() if key[0] != "signer"}
        return replace(self, allowed=allowed)

    def denies(self, app: App) -> Named | None:
        """Give the entry that denies an application."""
        return _entry(app, self.denied)


def evidence_of(
    app: App, lists: AppLists, system: frozenset[str]
) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """Give key and evidence of each breach by one application."""
    label = app_label(app)
    if entry := lists.denies(app):
        yield (
            app_key(app.package),
            (
                Evidence("app", label, LISTED),
                Evidence("listed_by", f"{entry.subject} {entry.value}", LISTED),
                *((Evidence("note", entry.note, LISTED),) if entry.note else ()),
            ),
        )
    if app.system or not lists.rules or lists.allows(app):
        return
    can = capabilities(app)
    if can is None:
        return
    side_loaded = app.installer is not None and is_side_loaded(app.installer, system)
    for rule in lists.rules:
        if (
            rule.all_of
            and rule.all_of <= can
            and not rule.none_of & can
            and (side_loaded or not rule.only_side_loaded)
        ):
            yield (
                f"rule:{rule.name}:{app.package}",
                (
                    Evidence("app", label, CAPABILITY),
                    Evidence("policy", rule.name, CAPABILITY),
                    Evidence("capabilities", ", ".join(sorted(rule.all_of)), CAPABILITY),
                ),
            )


def unjudged(apps: Iterable[App], lists: AppLists) -> Iterator[str]:
    """Give the keys of breaches that nobody can rule out: what they would be told by was not read of an application.

    A missing certificate or hash is no proof that the signer or the file is another, nor a missing manifest that the
    application can do less.
    """
    subjects = {subject for subject, _ in lists.denied}
    for app in apps:
        if ("signer" in subjects and not app.certificates) or ("sha256" in subjects and app.sha256 is None):
            yield app_key(app.package)
        if app.system or not lists.rules or lists.allows(app):
            continue
        for rule in lists.rules:
            if app.manifest is None or (rule.only_side_loaded and app.installer is None):
                yield f"rule:{rule.name}:{app.package}"


def _entry(app: App, listed: Mapping[tuple[Subject, str], Named]) -> Named | None:
    if not listed:
        return None
    signers = (listed.get(("signer", certificate)) for certificate in app.certificates)
    found = next((entry for entry in signers if entry), None)
    found = found or listed.get(("package", app.package)) or listed.get(("sha256", app.sha256 or "-"))
    if found is None:
        parts = app.package.split(".")
        beginnings = (".".join(parts[:n]) + ".*" for n in range(len(parts) - 1, 0, -1))
        found = next((entry for name in beginnings if (entry := listed.get(("package", name)))), None)
    return found
