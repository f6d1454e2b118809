"""`python -m vedette_lab` is the same as the command `vedette-lab`."""

from vedette_lab.cli import main

if __name__ == "__main__":
    main()
