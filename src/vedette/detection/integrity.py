"""Integrity of the system beyond root: verified boot, boot loader, SELinux, added authorities, listed processes."""

from collections.abc import Iterator
from typing import Final

from vedette.detection.detector import fine, found
from vedette.intel.index import Index
from vedette.intel.indicators import Kind
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.report import Facts
from vedette_facts.settings import Settings

VERIFIED_BOOT: Final = "device.verified_boot"
SELINUX: Final = "device.selinux"
CERTIFICATES: Final = "device.user_certificates"
PROCESSES: Final = "device.processes"
_CODE: Final = "ACCESS_CONTROL_VIOLATION"
_MOST_NAMED: Final = 5


def judge_integrity(facts: Facts, settings: Settings, index: Index) -> Iterator[Observation]:
    """Answer for each fact that was read; what is None was not, and is not asked."""
    yield from _verified_boot(settings)
    yield from _selinux(settings)
    yield from _certificates(settings)
    yield from _processes(settings, facts, index)


def _verified_boot(settings: Settings) -> Iterator[Observation]:
    """`red`: the system was changed and started all the same. `orange`: nothing is verified, the boot loader is open.

    `yellow` is a system verified with the owner's own key, as GrapheneOS is: sound. An open boot loader alone is
    how a phone becomes rooted, not root (detection.md 1.10): access control is what is broken.
    """
    state, locked = settings.verified_boot, settings.bootloader_locked
    if state is None and locked is None:
        return
    if state in {"red", "orange"} or locked is False:
        parts = (f"boot_{state}" if state in {"red", "orange"} else "", "unlocked" if locked is False else "")
        boot = ", ".join(part for part in parts if part)
        yield found(_CODE, "verified_boot", (Evidence("boot", boot, VERIFIED_BOOT),))
    else:
        lock = "not reported" if locked is None else "locked"
        detail = f"verified boot {state or 'not reported'}, boot loader {lock}"
        yield fine(VERIFIED_BOOT, _CODE, "verified_boot", detail)


def _selinux(settings: Settings) -> Iterator[Observation]:
    if settings.selinux in {"permissive", "disabled"}:
        yield found(_CODE, "selinux", (Evidence("selinux", str(settings.selinux), SELINUX),))
    elif settings.selinux is not None:
        yield fine(SELINUX, _CODE, "selinux", "SELinux is enforcing")


def _certificates(settings: Settings) -> Iterator[Observation]:
    """Whoever owns an added authority can read what most applications send: the means of a man in the middle."""
    if settings.user_certificates is None:
        return
    added = [certificate for certificate in settings.user_certificates if certificate.managed is not True]
    if not added:
        yield fine(CERTIFICATES, "RISKWARE", "certificates", "no authority was added by hand")
        return
    names = ", ".join(certificate.subject or certificate.sha256[:16] for certificate in added[:_MOST_NAMED])
    evidence = (
        Evidence("authorities", names, CERTIFICATES),
        *(Evidence("sha256", certificate.sha256, CERTIFICATES) for certificate in added[:_MOST_NAMED]),
    )
    yield found("RISKWARE", "certificates", evidence)


def _processes(settings: Settings, facts: Facts, index: Index) -> Iterator[Observation]:
    """Compare names of processes with the feeds; a short list of running names proves no absence."""
    for name in sorted(set(settings.processes or ())):
        for hit in index.find(Kind.PROCESS, name)[:1]:
            evidence = (
                Evidence("process", name, PROCESSES),
                Evidence("family", hit.family or hit.classification, PROCESSES),
                Evidence("feed", str(hit.source), PROCESSES, str(hit.source)),
            )
            code = hit.classification if facts.device.platform == "ANDROID" else "SURVEILLANCEWARE"
            yield found(code, f"process:{name}", evidence, family=hit.family, source=str(hit.source))
