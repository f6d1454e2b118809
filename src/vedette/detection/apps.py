"""Applications: known bad by name, signer or file; installed from elsewhere; signed with anybody's key."""

from collections.abc import Iterator, Sequence

from vedette.detection.detector import Context, closing, found, unknown
from vedette.detection.installers import is_side_loaded
from vedette.detection.labels import app_label
from vedette.intel.certificates import public_key
from vedette.intel.index import Hit, Index
from vedette.intel.indicators import Kind
from vedette.verdict.classifications import classification
from vedette.verdict.findings import ANY, Evidence, Observation, app_key
from vedette_facts.report import App, Facts

INDICATORS = "apps.indicators"
SIDELOADED = "apps.sideloaded"
PUBLIC_KEY = "apps.public_key"

_BY_NAME = frozenset({Kind.PACKAGE, Kind.IOS_BUNDLE})
_BY_HOST = frozenset({Kind.DOMAIN})
HOSTS = "hosts"
"""Ends the key of what is known by the hosts that its manifest names: without a manifest nobody looked."""
LEAST_CONFIDENCE = 30
"""STIX 2.1, appendix A: below this a feed's confidence is "low"."""


def judge(facts: Facts, context: Context) -> Iterator[Observation]:
    """Judge the inventory. Absence is positive evidence only in a complete one."""
    platform = facts.device.platform
    if facts.apps is None:
        if platform == "ANDROID":
            yield from _nothing_known("the list of applications was not collected")
        return  # on iOS no app may list the others (lookout.md 7): no rule, so no missing answer
    yield from _indicators(facts.apps, facts, context)
    if platform == "ANDROID":
        judged = [app for app in facts.apps if not context.lists.allows(app)]
        yield from _side_loaded(judged, facts.apps, complete=facts.apps_complete)
        yield from _public_keys(judged, complete=facts.apps_complete)


def _nothing_known(why: str) -> Iterator[Observation]:
    yield unknown(INDICATORS, ANY, "app:*", why)
    yield unknown(SIDELOADED, "SIDELOADED_APP", "installer:*", why)
    yield unknown(PUBLIC_KEY, "VULNERABILITY", "signer:*", why)


def _indicators(apps: Sequence[App], facts: Facts, context: Context) -> Iterator[Observation]:
    index = context.index
    if not index.size:
        yield unknown(INDICATORS, ANY, "app:*", "no intelligence is loaded")
        return
    for app in apps:
        if context.lists.allows(app):
            continue
        by_code: dict[str, list[Hit]] = {}
        for hit in _hits(app, facts.device.platform, index):
            by_code.setdefault(_code(hit), []).append(hit)
        for code, hits in by_code.items():
            yield _listed(app, code, hits)
    unjudged = {app_key(app.package) + "@" for app in apps if not (app.sha256 and app.certificates)}
    unread = {app_key(app.package, HOSTS) for app in apps if app.manifest is None}
    yield closing(INDICATORS, ANY, "app", complete=facts.apps_complete, exempt=unjudged | unread)


def _hits(app: App, platform: str, index: Index) -> tuple[Hit, ...]:
    """Give the hits by name, then by signer, then by file."""
    signers = (hit for certificate in app.certificates for hit in index.certificate(certificate))
    hosts = (
        h
        for host in (app.manifest.hosts if app.manifest else ())
        for h in index.find(Kind.DOMAIN, host.lower())
    )
    return (*index.package(app.package, platform), *signers, *index.file(app.sha256 or ""), *hosts)


def _code(hit: Hit) -> str:
    """Rate a hit that proves little as risky: one that the feed itself is not sure of, or only a host in the file."""
    unsure = hit.confidence is not None and hit.confidence < LEAST_CONFIDENCE
    return "RISKWARE" if unsure or hit.kind is Kind.DOMAIN else hit.classification


def _listed(app: App, code: str, hits: Sequence[Hit]) -> Observation:
    """Make one finding of all hits of a classification; the first names family and feed."""
    first = hits[0]
    family = next((hit.family for hit in hits if hit.family), "")
    evidence = (
        Evidence("app", app_label(app), INDICATORS),
        Evidence("family", family or classification(code).title, INDICATORS),
        Evidence("feed", str(first.source), INDICATORS, str(first.source)),
        *(Evidence(str(hit.kind), hit.value, INDICATORS, str(hit.source)) for hit in hits),
        *(Evidence("note", hit.note, INDICATORS, str(hit.source)) for hit in hits if hit.note),
        *(
            Evidence("confidence", str(hit.confidence), INDICATORS, str(hit.source))
            for hit in hits
            if hit.confidence is not None
        ),
    )
    digest = "" if first.kind in _BY_NAME else HOSTS if first.kind in _BY_HOST else first.value
    return found(code, app_key(app.package, digest), evidence, family=family, source=str(first.source))


def _side_loaded(apps: Sequence[App], inventory: Sequence[App], *, complete: bool) -> Iterator[Observation]:
    system = frozenset(app.package for app in inventory if app.system)
    unknown_origin = set()
    for app in apps:
        key = f"installer:{app.package}"
        if app.system:
            continue
        if app.installer is None:
            unknown_origin.add(key)
        elif is_side_loaded(app.installer, system):
            yield found(
                "SIDELOADED_APP",
                key,
                (
                    Evidence("app", app_label(app), SIDELOADED),
                    Evidence("installer", app.installer, SIDELOADED),
                    Evidence("package", app.package, SIDELOADED),
                ),
            )
    yield closing(SIDELOADED, "SIDELOADED_APP", "installer", complete=complete, exempt=unknown_origin)


def _public_keys(apps: Sequence[App], *, complete: bool) -> Iterator[Observation]:
    """Anybody can sign an update for such an app: a weakness of its own, rated low (detection.md 1.2).

    Applications of the system are passed over: a whole ROM signed with test keys is one fact about the device.
    """
    unsigned = set()
    for app in apps:
        key = f"signer:{app.package}"
        if app.system:
            continue
        if not app.certificates:
            unsigned.add(key)
        for certificate in app.certificates:
            name = public_key(certificate)
            if name:
                yield found(
                    "VULNERABILITY",
                    key,
                    (
                        Evidence("app", app_label(app), PUBLIC_KEY),
                        Evidence("key", name, PUBLIC_KEY),
                        Evidence("certificate", certificate, PUBLIC_KEY),
                        Evidence("package", app.package, PUBLIC_KEY),
                    ),
                )
                break
    yield closing(PUBLIC_KEY, "VULNERABILITY", "signer", complete=complete, exempt=unsigned)
