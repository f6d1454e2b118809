"""Runs a module of the demo on a leash: it ends when the supervisor is gone, also after `kill -9`.

`python -m vedette.project.demo.leash MODULE ARGUMENTS…` with one end of a pipe as standard input. Only the supervisor
holds the other end, and the kernel closes it whatever the supervisor dies of.
"""

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

GRACE_SECONDS: Final = 10.0
STDIN: Final = 0


def main() -> None:
    """Watch the leash in the background and become the module."""
    threading.Thread(target=_watch, name="leash", daemon=True).start()
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch() -> None:
    while os.read(STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
