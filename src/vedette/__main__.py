"""`python -m vedette` is the command `vedette`."""

from vedette.project.cli import main

main()
