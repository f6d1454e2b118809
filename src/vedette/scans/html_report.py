"""The report of a scan for people: one HTML file that needs nothing else, for the screen and for paper."""

import datetime as dt
from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from vedette.scans.result import Scan
from vedette.verdict.findings import Finding
from vedette_facts.apk import ApkFacts
from vedette_facts.ios.ipa import IpaFacts

_MOST_ROWS: Final = 2000
_OUTCOME: Final = {True: "verifies", False: "does not verify"}
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #182433; --dim: #5a6a7e; --line: #d9dfe7; --paper: #fff;
  --high: #b3261e; --medium: #b45309; --low: #7a6a00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf4; --dim: #a3b1c2; --line: #35445a; --paper: #151f2e;
  --high: #ff8a80; --medium: #ffb74d; --low: #e6d36a } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 0 1rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem }
h3 { font-size: 1rem; margin: 0 0 .4rem } p { margin: .5rem 0 } .dim { color: var(--dim) }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th { width: 12rem; font-weight: 500; color: var(--dim) }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere }
article { border: 1px solid var(--line); border-left: 5px solid var(--line); border-radius: 6px;
  padding: .8rem 1rem; margin: .8rem 0; break-inside: avoid }
.HIGH { border-left-color: var(--high) } .MEDIUM { border-left-color: var(--medium) }
.LOW { border-left-color: var(--low) } .level { font-weight: 600; font-size: .8rem; margin: 0; color: var(--dim) }
@media (max-width: 40rem) { th, td { display: block; width: auto; padding: .2rem 0 } th { border: 0 } }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def write(scan: Scan, now: dt.datetime) -> str:
    """Build the page. Everything read from the phone is escaped, and the page may load nothing."""
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{_title(scan)}</title><style>{_STYLE}</style></head><body><main>",
            _head(scan, now),
            _findings(scan),
            _timeline(scan),
            _unread(scan),
            "</main></body></html>\n",
        )
    )


def _head(scan: Scan, now: dt.datetime) -> str:
    facts = scan.acquisition.facts
    rows = [("Read as", scan.acquisition.kind), ("Judged", f"{now:%Y-%m-%d %H:%M} UTC")]
    if facts is not None:
        device = facts.device
        rows += [
            ("Phone", f"{device.manufacturer} {device.model}".strip() or "not known"),
            ("System", f"{device.platform.title()} {device.os_version}"),
            ("Security patch", device.security_patch or "not known"),
            ("Applications", str(len(facts.apps)) if facts.apps is not None else "not collected"),
        ]
    rows += _applications(scan)
    rows.append(("Compared with", ", ".join(scan.sources) or "none"))
    return f"<header><h1>{_title(scan)}</h1></header>{_table(rows)}"


def _title(scan: Scan) -> str:
    is_file = scan.acquisition.apks or scan.acquisition.ipas
    return "Analysis of an application" if is_file else "Scan of a phone"


def _applications(scan: Scan) -> Iterator[tuple[str, str]]:
    files: list[ApkFacts | IpaFacts] = [*scan.acquisition.apks, *scan.acquisition.ipas]
    for file in files:
        if file.app is not None:
            yield "Application", f"{file.app.name or file.app.package} ({file.app.package})"
            yield "Version", file.app.version or "not known"
        yield "File (SHA-256)", file.sha256
    for apk in scan.acquisition.apks:
        yield (
            "Signatures",
            ", ".join(f"{c.scheme} {_OUTCOME[c.verifies]}" for c in apk.signatures.schemes) or "none",
        )
        for signer in apk.signatures.signers:
            yield "Signed by", f"{signer.subject} ({signer.sha256})"


def _findings(scan: Scan) -> str:
    if not scan.findings:
        text = "<p>Nothing was found. What could not be read, below, was not judged.</p>"
        return f"<h2>Findings</h2>{text}"
    return "<h2>Findings</h2>" + "".join(_finding(scan, finding) for finding in scan.findings)


def _finding(scan: Scan, finding: Finding) -> str:
    risk = scan.risk(finding).name
    rows = [(evidence.fact, evidence.value) for evidence in finding.evidence]
    return (
        f'<article class="{risk}"><p class="level">{risk} · {escape(finding.classification)}</p>'
        f"<h3>{escape(finding.summary)}</h3>{_table(rows)}"
        f"<p><strong>What to do:</strong> {escape(scan.mend(finding))}</p></article>"
    )


def _timeline(scan: Scan) -> str:
    moments = scan.acquisition.timeline
    if not moments:
        return ""
    rows = [(f"{moment.at:%Y-%m-%d %H:%M:%S}", moment.what) for moment in moments[-_MOST_ROWS:]]
    cut = (
        f'<p class="dim">The last {_MOST_ROWS:,} of {len(moments):,}.</p>'
        if len(moments) > _MOST_ROWS
        else ""
    )
    return f'<h2>Timeline</h2><p class="dim">UTC</p>{cut}{_table(rows)}'


def _unread(scan: Scan) -> str:
    if not scan.unread:
        return ""
    rows = [(part.path, part.why) for part in scan.unread[:_MOST_ROWS]]
    return f"<h2>Not read</h2>{_table(rows)}"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows
    )
    return f"<table><tbody>{cells}</tbody></table>"
