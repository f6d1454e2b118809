"""The watcher: owns the embedded server, restarts it after a crash, stops it after its last client."""

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Final

from vedette.foundation.postgres import cluster
from vedette.foundation.postgres.binaries import PostgresError
from vedette.foundation.postgres.files import Folder
from vedette.foundation.postgres.locks import Lock

LOOK_SECONDS: Final = 0.1
PROBE_SECONDS: Final = 2.0


class _Told(Exception):  # noqa: N818 no error: somebody asked for the end
    """A signal asks the watcher to stop."""


def main(arguments: list[str]) -> int:
    """Run `watch FOLDER [NAME=VALUE ...]`; the client starts this, people do not."""
    if len(arguments) < 2 or arguments[0] != "watch":  # noqa: PLR2004 the word and the folder
        sys.stderr.write("usage: python -m vedette.foundation.postgres watch FOLDER [NAME=VALUE ...]\n")
        return 2
    folder = Folder(Path(arguments[1]))
    settings = dict(option.split("=", 1) for option in arguments[2:])
    alone = Lock(folder.watching)
    if not alone.take_within(PROBE_SECONDS):
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        watch(folder, settings)
    except _Told:
        return 0
    except (PostgresError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def watch(folder: Folder, settings: Mapping[str, str]) -> None:
    """Serve until nobody holds the clients' lock; a server that crashed is started again."""
    clients = Lock(folder.clients)
    while True:
        running = cluster.start(folder, settings)
        folder.tell_port(running.port)
        try:
            while running.process.poll() is None:
                if clients.try_take():
                    # new clients now wait for the lock until the server has stopped and this process ended
                    return
                time.sleep(LOOK_SECONDS)
        finally:
            folder.forget_port()
            cluster.stop(running)
        settings = {**settings, "port": str(running.port)}


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
