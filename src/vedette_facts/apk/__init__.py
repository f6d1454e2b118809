"""Files of Android applications: container, manifest, signatures, code; read within limits, never executed."""

from vedette_facts.apk.facts import ApkFacts, Certificate, Embedded, Oddity, Opaque, RuleMatch, Signatures
from vedette_facts.apk.limits import ApkLimits
from vedette_facts.apk.read import RuleScanner, read_apk

__all__ = [
    "ApkFacts",
    "ApkLimits",
    "Certificate",
    "Embedded",
    "Oddity",
    "Opaque",
    "RuleMatch",
    "RuleScanner",
    "Signatures",
    "read_apk",
]
