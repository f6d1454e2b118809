"""Makes, models and system versions that a fleet of phones has."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from vedette_lab.intune_model import FoundApp

COMMON = 0.5
"""Share of phones that carry one of the everyday applications."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A model and the releases it is seen with."""

    system: str
    manufacturer: str
    model: str
    versions: tuple[str, ...]
    weight: int


_IOS_NEW = ("26.1", "26.1", "26.0.1", "18.7.2", "18.7.1", "18.6.2")
_IOS_OLDER = ("18.7.2", "18.7.1", "18.6.2", "17.7.10")

KINDS = (
    Kind("iOS", "Apple", "iPhone 16 Pro", _IOS_NEW, 7),
    Kind("iOS", "Apple", "iPhone 16", _IOS_NEW, 10),
    Kind("iOS", "Apple", "iPhone 15", _IOS_NEW, 12),
    Kind("iOS", "Apple", "iPhone 14", _IOS_NEW, 9),
    Kind("iOS", "Apple", "iPhone 13", _IOS_NEW, 6),
    Kind("iOS", "Apple", "iPhone SE (3rd generation)", _IOS_NEW, 4),
    Kind("iOS", "Apple", "iPhone XR", _IOS_OLDER, 2),
    Kind("iOS", "Apple", "iPad Air (5th generation)", _IOS_NEW, 3),
    Kind("Android", "samsung", "SM-S931B", ("16", "15"), 7),
    Kind("Android", "samsung", "SM-S921B", ("16", "15", "14"), 10),
    Kind("Android", "samsung", "SM-A556B", ("15", "14"), 9),
    Kind("Android", "samsung", "SM-A546B", ("15", "14"), 8),
    Kind("Android", "samsung", "SM-G990B", ("14", "15"), 5),
    Kind("Android", "samsung", "SM-X216B", ("15", "14"), 2),
    Kind("Android", "Google", "Pixel 9", ("16", "16", "15"), 6),
    Kind("Android", "Google", "Pixel 8a", ("16", "15"), 6),
    Kind("Android", "Google", "Pixel 7", ("16", "15"), 5),
    Kind("Android", "Xiaomi", "2312DRA50G", ("14", "15"), 4),
    Kind("Android", "motorola", "moto g84 5G", ("14", "14"), 3),
    Kind("Android", "OnePlus", "CPH2581", ("15", "16"), 3),
    Kind("Android", "Fairphone", "FP5", ("14", "15"), 3),
    Kind("Android", "Zebra Technologies", "TC58", ("14", "13"), 3),
    Kind("Android", "Nokia", "Nokia XR21", ("14",), 2),
)
OLD_KINDS = (
    Kind("Android", "samsung", "SM-G950F", ("9",), 1),
    Kind("Android", "HUAWEI", "ANE-LX1", ("9",), 1),
    Kind("Android", "LGE", "LM-K410", ("8.1.0",), 1),
    Kind("iOS", "Apple", "iPhone 6s", ("12.5.7",), 1),
    Kind("iOS", "Apple", "iPhone 7", ("14.8.1",), 1),
)
LAPTOPS = (
    ("Lenovo", "ThinkPad T14 Gen 5"),
    ("Dell Inc.", "Latitude 5450"),
    ("Microsoft Corporation", "Surface Laptop 6"),
    ("HP", "EliteBook 845 14 inch G11"),
)
_DEPLOYED = (
    FoundApp("Microsoft Outlook", "Microsoft Corporation", "4.2546.0"),
    FoundApp("Microsoft Teams", "Microsoft Corporation", "7.18.1"),
    FoundApp("Microsoft Authenticator", "Microsoft Corporation", "6.8.38"),
)
_OTHERS = (
    FoundApp("Google Maps", "Google LLC", "25.46.02"),
    FoundApp("WhatsApp Messenger", "WhatsApp LLC", "2.25.32"),
    FoundApp("Spotify", "Spotify AB", "9.0.98"),
    FoundApp("Adobe Acrobat Reader", "Adobe", "25.11.0"),
)
OLDEST_PATCHED_ANDROID = 13
_WEIGHTS = [kind.weight for kind in KINDS]


def find(system: str, model: str) -> Kind:
    """Return the kind of this model."""
    return next(kind for kind in KINDS if (kind.system, kind.model) == (system, model))


def draw_kind(rng: Random) -> Kind:
    """Return a model as often as it is seen."""
    return rng.choices(KINDS, _WEIGHTS)[0]


def draw_patch_level(rng: Random, today: date, version: str) -> str:
    """Return an Android security patch level: mostly of the last three months, older on old releases."""
    unpatched = int(version.split(".", maxsplit=1)[0]) < OLDEST_PATCHED_ANDROID
    months = rng.randint(20, 60) if unpatched else rng.choices((0, 1, 2, 3, 5, 8), (20, 40, 20, 10, 6, 4))[0]
    month = today.replace(day=1)
    for _ in range(months):
        month = (month - timedelta(days=1)).replace(day=1)
    return month.replace(day=rng.choice((1, 5))).isoformat()


def draw_apps(seed: str, ownership: str) -> tuple[FoundApp, ...]:
    """Return what Intune found: of a personal phone only what was deployed (Graph `detectedApp`)."""
    if ownership == "personal":
        return _DEPLOYED
    mine = [app for app in _OTHERS if Random(f"{seed}{app.name}").random() < COMMON]
    return (*_DEPLOYED, *mine)


def serial_number(rng: Random, manufacturer: str) -> str:
    """Return a serial number in the maker's style."""
    letters = "ABCDEFGHJKLMNPQRTUVWXY0123456789"
    length = {"Apple": 10, "samsung": 9}.get(manufacturer, 12)
    body = "".join(rng.choices(letters, k=length))
    return f"R5{body}" if manufacturer == "samsung" else body


def imei(rng: Random) -> str:
    """Return a well-formed IMEI (15 digits with a Luhn check digit) of the range kept for tests."""
    digits = [0, 0, *(rng.randint(0, 9) for _ in range(12))]
    total = sum(d if i % 2 == 0 else sum(divmod(d * 2, 10)) for i, d in enumerate(digits))
    return "".join(map(str, digits)) + str(-total % 10)
