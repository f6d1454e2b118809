# ruff: noqa: INP001 - a script, not a package
"""Refresh `src/vedette/web/icons.json` from an unpacked copy of the npm package @tabler/icons (MIT).

The package holds 6,000 files, of which the pages use some two hundred: installing it would triple the time of
the first start. So the drawings in use are kept in the repository, each reduced to what stands inside <svg>.

    npm install --no-save --ignore-scripts @tabler/icons@3.51.0
    python scripts/icons.py node_modules/@tabler/icons [name …]     (names are added to those already kept)
"""

import json
import re
import sys
from pathlib import Path

KEPT = Path(__file__).resolve().parents[1] / "src/vedette/web/icons.json"
INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
BOUNDS = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def inside(svg: str) -> str:
    """Return what stands between the svg tags, on one line and without the invisible bounding box."""
    found = INSIDE.search(svg)
    if found is None:
        raise SystemExit("not an svg drawing")
    return re.sub(r"\s*\n\s*", "", BOUNDS.sub("", found.group(1))).strip()


def main() -> None:
    """Write every kept name and every name given as an argument; stop on an unknown one."""
    package = Path(sys.argv[1])
    names = set(sys.argv[2:]) | (set(json.loads(KEPT.read_text())) if KEPT.exists() else set())
    drawings = {}
    for name in sorted(names):
        source = package / "icons/outline" / f"{name}.svg"
        if not source.exists():
            raise SystemExit(f"@tabler/icons has no outline icon named {name}")
        drawings[name] = inside(source.read_text())
    KEPT.write_text(json.dumps(drawings, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
