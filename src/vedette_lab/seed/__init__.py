"""The two organisations the lab begins with, made from a seed: the same seed gives the same objects."""

from pathlib import Path

from vedette_lab.model import Cloud
from vedette_lab.seed.contoso import contoso
from vedette_lab.seed.fabrikam import fabrikam

DEFAULT_PHONES = 1060


def build_cloud(home: Path, base_url: str, *, phone_count: int = DEFAULT_PHONES, seed: int = 7) -> Cloud:
    """Return a cloud with "Contoso Outdoors" (`phone_count` phones) and the small, untouched "Fabrikam"."""
    cloud = Cloud(home=home, base_url=base_url)
    for tenant in (contoso(cloud.now(), seed, phone_count), fabrikam(cloud.now(), seed)):
        cloud.tenants[tenant.id] = tenant
    return cloud
