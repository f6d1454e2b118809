"""Public feeds that a first run offers: address, licence, what they hold. Nobody fetches them before choosing."""

from dataclasses import dataclass
from typing import Final

from vedette.intel import Format


@dataclass(frozen=True)
class PublicFeed:
    """A feed that anybody may use under its licence."""

    name: str
    title: str
    address: str
    format: Format
    licence: str
    holds: str
    untyped: str = ""
    every_hours: int = 24


_STALKERWARE: Final = "https://raw.githubusercontent.com/AssoEchap/stalkerware-indicators/master"
_WARNING: Final = "https://raw.githubusercontent.com/MISP/misp-warninglists/main/lists"
_LIFE: Final = "https://endoflife.date/api/v1/products"

CATALOGUE: Final = (
    PublicFeed(
        "mvt-indicators",
        "MVT indicators",
        "https://raw.githubusercontent.com/mvt-project/mvt-indicators/main/indicators.yaml",
        "mvt-index",
        "MIT; each bundle its own",
        "mercenary spyware",
    ),
    PublicFeed(
        "stalkerware",
        "Stalkerware indicators",
        f"{_STALKERWARE}/ioc.yaml",
        "stalkerware-yaml",
        "CC-BY 4.0",
        "stalkerware",
    ),
    PublicFeed(
        "watchware",
        "Watchware",
        f"{_STALKERWARE}/watchware.yaml",
        "stalkerware-yaml",
        "CC-BY 4.0",
        "watchware",
    ),
    PublicFeed(
        "stalkerware-samples",
        "Stalkerware samples",
        f"{_STALKERWARE}/samples.csv",
        "stalkerware-csv",
        "CC-BY 4.0",
        "samples",
    ),
    PublicFeed(
        "sofa",
        "SOFA",
        "https://sofafeed.macadmins.io/v2/ios_data_feed.json",
        "sofa",
        "Apache-2.0",
        "ios",
        every_hours=6,
    ),
    PublicFeed(
        "osv-android",
        "OSV: Android security bulletins",
        "https://osv-vulnerabilities.storage.googleapis.com/Android/all.zip",
        "osv-android",
        "CC-BY 4.0",
        "android",
    ),
    PublicFeed(
        "kev",
        "Known exploited vulnerabilities (CISA)",
        "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        "kev",
        "CC0 1.0",
        "exploited",
    ),
    *(
        PublicFeed(
            f"endoflife-{product}",
            f"endoflife.date: {title}",
            f"{_LIFE}/{product}",
            "endoflife",
            "MIT",
            "life",
        )
        for product, title in (
            ("android", "Android"),
            ("ios", "iOS"),
            ("ipados", "iPadOS"),
            ("pixel", "Pixel"),
            ("samsung-mobile", "Samsung"),
        )
    ),
    *(
        PublicFeed(
            f"warning-{name}",
            f"MISP warning list: {name}",
            f"{_WARNING}/{name}/list.json",
            "misp-warninglist",
            "CC0 1.0",
            "warning",
            every_hours=168,
        )
        for name in (
            "common-ioc-false-positive",
            "empty-hashes",
            "dynamic-dns",
            "public-dns-v4",
            "captive-portals",
        )
    ),
)
BY_NAME: Final = {feed.name: feed for feed in CATALOGUE}
