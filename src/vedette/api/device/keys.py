"""Who speaks: the stored public key behind a `kid`."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vedette.api.device.answers import ProblemError
from vedette.api.device.batch import Batcher
from vedette.foundation.database import Pool, pool_system

_REMEMBERED: Final = 50_000


@dataclass(frozen=True)
class Speaker:
    """What never changes about a key: whose it is, and its public half."""

    key_id: str
    tenant_id: UUID
    device_id: UUID
    platform: str
    jwk: dict[str, str]


class Keys:
    """Looks keys up, in batches, and remembers them: whether one is retired is asked at every use."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: OrderedDict[str, Speaker] = OrderedDict()
        self.batcher: Batcher[str, Speaker | None] = Batcher(self._look_up)

    async def speaker(self, key_id: str) -> Speaker:
        """Return who has this key. Raises ProblemError `unknown_key`."""
        known = self._known.get(key_id)
        if known is None:
            known = await self.batcher.ask(key_id)
            if known is None:
                raise ProblemError("unknown_key")
            self._known[key_id] = known
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known

    async def _look_up(self, key_ids: Sequence[str]) -> list[Speaker | None]:
        async with pool_system(self._pool) as connection:
            cursor = await connection.execute(_LOOK_UP, {"keys": list(key_ids)})
            found = {row[0]: Speaker(*row) for row in await cursor.fetchall()}
        return [found.get(key_id) for key_id in key_ids]


_LOOK_UP: Final = """
select k.key_id, k.tenant_id, k.device_id, d.platform, k.public_jwk
from devices_devicekey k
join devices_device d on d.tenant_id = k.tenant_id and d.id = k.device_id
where k.key_id = any(%(keys)s)
"""
