"""Pure: verdicts on hosts and addresses of pages (docs/web-protection.md)."""

from vedette.detection.web.addresses import Address, BadAddressError, Host, parse_address, parse_host
from vedette.detection.web.judge import judge_host, judge_url
from vedette.detection.web.lists import WebLists
from vedette.detection.web.texts import addresses_in
from vedette.detection.web.verdict import Outcome, WebVerdict

__all__ = [
    "Address",
    "BadAddressError",
    "Host",
    "Outcome",
    "WebLists",
    "WebVerdict",
    "addresses_in",
    "judge_host",
    "judge_url",
    "parse_address",
    "parse_host",
]
