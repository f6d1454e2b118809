"""Pure: facts to findings, by an explicit tuple of detectors."""
