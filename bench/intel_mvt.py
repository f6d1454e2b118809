"""Run by an interpreter that has MVT: it loads bundles, and its matching is timed. No part of the product."""

import json
import logging
import sys
import time

from mvt.common.indicators import Indicators


def main() -> None:
    asked = json.load(sys.stdin)
    known = Indicators(log=logging.getLogger("mvt"))
    for path in asked["bundles"]:
        known.parse_stix2(path)
    start = time.process_time()
    hits = [value for value in asked["values"] if known.check_url(value)]
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "hits": hits}))


main()
