"""`python -m vedette.project.demo.several "COMMAND …" …`: several commands of `vedette` in one process.

Waking Django costs more than most commands, so the demo pays for it once.
"""

import shlex
import sys

from vedette.project.cli import vedette


def main() -> None:
    """Run each argument as the command line that it is; the first that fails ends it."""
    for line in sys.argv[1:]:
        vedette.main(shlex.split(line), prog_name="vedette", standalone_mode=False)


if __name__ == "__main__":
    main()
