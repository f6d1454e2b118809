"""Applications that no list names, judged by what they are made to do (detection.md 1.1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from vedette.detection.app_weights import HARMFUL, OLD_TARGET, RISKY, Score, Seen, score
from vedette.detection.capabilities import capabilities
from vedette.detection.detector import Context, closing, found
from vedette.detection.imitation import imitated
from vedette.detection.installers import BY_HAND, is_from_store, is_side_loaded
from vedette.detection.labels import app_label
from vedette.detection.root import MANAGERS
from vedette.intel.certificates import public_key
from vedette.verdict.findings import ANY, Evidence, Observation
from vedette_facts.report import App, Facts
from vedette_facts.settings import Settings

BEHAVIOUR: Final = "apps.behaviour"
OLD_APP: Final = "apps.old_target"
_REASONS: Final = 3
_PREFIX: Final = "behaviour"
_COLLECTING: Final = (
    ("microphone", "record_screen"),
    ("camera",),
    ("location", "background_location"),
    ("read_sms",),
    ("call_log",),
    ("contacts",),
    ("read_notifications",),
    ("accessibility",),
    ("all_files",),
)
_FEW, _SOME, _MANY = 2, 3, 4
ROOT_TOOLS: Final = MANAGERS | {"com.kingroot.kinguser", "com.kingouser.com", "com.geohot.towelroot"}


def judge(facts: Facts, context: Context) -> Iterator[Observation]:
    """Judge each application whose manifest was sent, and root tools by their names."""
    if facts.device.platform != "ANDROID" or facts.apps is None:
        return
    settings = facts.settings or Settings()
    system = frozenset(app.package for app in facts.apps if app.system)
    unjudged = set()
    for app in facts.apps:
        if app.system or context.lists.allows(app):
            continue
        if app.package in ROOT_TOOLS:
            yield _root_tool(app)
        seen = see(app, facts.apps, settings, system)
        if seen is None:
            unjudged.add(f"{_PREFIX}:{app.package}")
            continue
        yield from judged(app, seen)
        yield from _old(app, seen)
    if not (facts.apps_complete or any(app.manifest for app in facts.apps)):
        return  # an agent that sends neither all applications nor manifests is not asked about them
    yield closing(BEHAVIOUR, ANY, _PREFIX, complete=facts.apps_complete, exempt=unjudged)
    old = {f"old:{name.partition(':')[2]}" for name in unjudged}
    yield closing(OLD_APP, "VULNERABILITY", "old", complete=facts.apps_complete, exempt=old)


def see(app: App, apps: Sequence[App], settings: Settings, system: frozenset[str]) -> Seen | None:
    """Gather what the weights look at; None where the manifest is not known."""
    can = capabilities(app)
    if can is None:
        return None
    installer = app.installer
    from_store = is_from_store(installer)
    side_loaded = installer is not None and is_side_loaded(installer, system)
    return Seen(
        app,
        can,
        side_loaded=side_loaded,
        by_app=side_loaded and installer not in BY_HAND,
        from_store=from_store,
        public_key=any(public_key(certificate) for certificate in app.certificates),
        imitates=imitated(app, apps, from_store=from_store),
        accessibility_on=_on(app, settings.accessibility_services),
        admin_on=_on(app, settings.device_admins),
        notifications_on=_on(app, settings.notification_listeners),
        default_sms=_on(app, [settings.default_sms or ""]),
    )


def _on(app: App, components: Sequence[str] | None) -> bool:
    return any(component.partition("/")[0] == app.package for component in components or ())


def judged(app: App, seen: Seen) -> Iterator[Observation]:
    """Answer *failed* where the points say so; nothing else."""
    result = score(seen)
    code = classify(seen, result)
    if code is None:
        return
    reasons = ", ".join(signal.code for signal in result.signals[:_REASONS])
    yield found(
        code,
        f"{_PREFIX}:{app.package}",
        (
            Evidence("app", app_label(app), BEHAVIOUR),
            Evidence("reasons", reasons, BEHAVIOUR),
            Evidence("points", str(result.points), BEHAVIOUR),
            Evidence("all_reasons", ", ".join(signal.code for signal in result.signals), BEHAVIOUR),
            Evidence("package", app.package, BEHAVIOUR),
            *((Evidence("installer", app.installer, BEHAVIOUR),) if app.installer else ()),
            *((Evidence("imitates", seen.imitates, BEHAVIOUR),) if seen.imitates else ()),
        ),
    )


def classify(seen: Seen, result: Score) -> str | None:
    """Choose the classification from the evidence; None below the threshold.

    Where only permissions and the origin speak it is risky at most: they name no kind of harm.
    """
    if result.points < RISKY:
        return None
    if result.points < HARMFUL or not result.behaves:
        return "RISKWARE"
    can = seen.can
    collects = sum(1 for any_of in _COLLECTING if can.intersection(any_of))
    takes_over = "accessibility" in can and ("overlay" in can or "record_screen" in can or "read_sms" in can)
    kinds: Mapping[str, bool] = {
        "SURVEILLANCEWARE": "hidden_icon" in can and collects >= _SOME,
        "TROJAN": seen.imitates is not None or takes_over,
        "TOLL_FRAUD": {"send_sms", "read_sms"} <= can and collects <= _SOME,
        "APP_DROPPER": "install_apps" in can and collects <= _FEW,
        "SPYWARE": collects >= _MANY,
        "ADWARE": bool({"overlay", "full_screen_notices"} & can) and collects <= _FEW,
        "CONNECTIVITY": "card_emulation" in can,
    }
    return next((code for code, holds in kinds.items() if holds), "RISKWARE")


def _root_tool(app: App) -> Observation:
    evidence = (
        Evidence("app", app_label(app), "apps.root_tool"),
        Evidence("package", app.package, "apps.root_tool"),
    )
    return found("ROOT_ENABLER", f"{_PREFIX}:{app.package}", evidence)


def _old(app: App, seen: Seen) -> Iterator[Observation]:
    """An application made for Android before 6.0 is given all permissions without asking, on any phone."""
    target = app.manifest.target_sdk if app.manifest else None
    if target is None or target >= OLD_TARGET or seen.from_store:
        return
    yield found(
        "VULNERABILITY",
        f"old:{app.package}",
        (
            Evidence("app", app_label(app), OLD_APP),
            Evidence("target_sdk", str(target), OLD_APP),
            Evidence("package", app.package, OLD_APP),
        ),
    )
