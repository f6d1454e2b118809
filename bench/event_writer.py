"""The process that lets things happen for `bench/stream.py`: for each line with a number so many events in one commit.

Answers with a line of JSON: when the commit was done (seconds since 1970), and the ID and position of the last event.
"""

from __future__ import annotations

import json
import sys
import time
from uuid import UUID

from vedette.foundation import database
from vedette.project import environment


def main(tenant_id: UUID) -> None:
    from vedette.events.log import SYSTEM, Draft, Target, change, emit_all  # noqa: PLC0415 -- Django awake only now

    for line in sys.stdin:
        drafts = [
            Draft(
                "bench.happened",
                actor=SYSTEM,
                target=Target("tenant", "x"),
                changes=[change("number", n, n + 1)],
            )
            for n in range(int(line))
        ]
        with database.writer(tenant_id):
            last = emit_all(drafts)[-1]
        print(json.dumps({"at": time.time(), "last": str(last.id), "position": last.position}), flush=True)


if __name__ == "__main__":
    with environment.database():
        main(UUID(sys.argv[1]))
