"""Files of Android applications: container, manifest, signatures, code; read within limits, never executed."""

from vedette_facts.apk.facts import ApkFacts, Certificate, Embedded, Oddity, Opaque, RuleMatch, Signatures
from vedette_facts.apk.files import is_application, read_apk, read_applications
from vedette_facts.apk.limits import ApkLimits
from vedette_facts.apk.read import RuleScanner

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
    "is_application",
    "read_apk",
    "read_applications",
]
