"""The one table of weights: how much each sign of phishing counts, and when an address is suspicious.

Whole numbers, set by hand and reviewed. Signs never block: they make an address suspicious (judge.py). Words and
endings were chosen from what reports on phishing describe, not from any list of addresses (docs/web-protection.md).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SUSPICIOUS: Final = 6
"""From so many points on."""

WEIGHTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        # imitation of a name (the organisation's own, or a well-known one)
        "imitates_letters": 8,
        "mistyped_name": 6,
        "name_as_host": 8,
        "name_with_lure": 7,
        "name_below_other": 4,
        "name_on_shared_host": 4,
        "name_within": 3,
        "name_other_ending": 3,
        "own_name": 3,
        # the host
        "lure_word": 2,
        "two_lure_words": 2,
        "abused_ending": 2,
        "shared_host": 2,
        "mixed_scripts": 6,
        "looks_latin": 6,
        "many_hyphens": 1,
        "many_digits": 1,
        "long_label": 1,
        "many_labels": 2,
        "looks_random": 2,
        "ip_address": 4,
        "disguised": 4,
        # the rest of the address
        "host_before_at": 6,
        "user_before_at": 2,
        "odd_port": 1,
        "name_in_path": 3,
        "lure_in_path": 1,
        "address_within": 1,
        "mail_within": 2,
        "long_path": 1,
        "offers_app": 3,
        "hidden_place": 5,
    }
)

LURES: Final = frozenset({
    "login", "logon", "signin", "sign-in", "log-in", "verify", "verification", "verif", "secure",
    "security", "safe", "safety", "account", "accounts", "compte", "konto", "cuenta", "update",
    "updates", "confirm", "confirmation", "validate", "validation", "validar", "unlock", "unlocked",
    "restore", "recover", "recovery", "reset", "password", "passwort", "mdp", "auth", "authenticate",
    "authentication", "otp", "2fa", "mfa", "sso", "webmail", "mailbox", "billing", "invoice", "payment",
    "payments", "pay", "refund", "rembourse", "remboursement", "impot", "amende", "fine", "toll",
    "tolls", "customs", "douane", "delivery", "livraison", "tracking", "track", "suivi", "colis",
    "parcel", "package", "shipment", "redelivery", "wallet", "wallets", "seed", "airdrop", "claim",
    "claims", "giveaway", "bonus", "reward", "rewards", "gift", "prize", "win", "winner", "free",
    "promo", "mint", "presale", "whitelist", "connect", "connection", "dapp", "dapps", "support",
    "helpdesk", "help", "service", "services", "customer", "client", "clients", "espace", "banking",
    "bank", "banque", "online", "identity", "identification", "limited", "suspended", "suspend",
    "blocked", "alert", "alerts", "warning", "notice", "helpcenter", "center", "portal", "access",
    "verifyme", "stake", "staking", "bridge", "swap", "migrate", "migration", "token", "tokens",
})  # fmt: skip
"""Words that ask for a password, money, a parcel's fee or a wallet, in English, French, German and Spanish."""

STRONG_LURES: Final = frozenset({
    "login", "logon", "signin", "verify", "verification", "verif", "secure", "confirm", "confirmation",
    "validate", "validation", "unlock", "restore", "recover", "recovery", "password", "passwort", "mdp",
    "authenticate", "authentication", "webmail", "billing", "refund", "remboursement", "suspended",
    "airdrop", "giveaway", "presale", "redelivery", "seed",
})  # fmt: skip
"""Of these, what is rare in names of pages that want nothing."""

ABUSED_ENDINGS: Final = frozenset({
    "top", "xyz", "tk", "ml", "ga", "cf", "gq", "buzz", "cfd", "sbs", "icu", "click", "cyou", "rest",
    "bond", "cam", "monster", "quest", "lol", "vip", "live", "online", "site", "website", "space",
    "store", "shop", "club", "work", "fit", "loan", "win", "bid", "men", "date", "review", "stream",
    "download", "racing", "party", "science", "trade", "cricket", "accountant", "faith", "zip", "mov",
    "autos", "beauty", "hair", "makeup", "skin", "boats", "homes", "yachts", "motorcycles", "mom", "lat",
    "pics", "pro", "today", "support", "digital", "gift", "host", "press", "fun", "uno", "finance",
})  # fmt: skip
"""Top-level domains that reports name for their share of phishing (Interisle, Spamhaus, APWG; 2021 to 2024)."""

DELIVERY: Final = frozenset({
    "akadns.net", "akamai.net", "akamaiedge.net", "akamaihd.net", "akamaized.net", "edgekey.net",
    "edgesuite.net", "fastly.net", "map.fastly.net", "fastly-edge.com", "fastlylb.net",
    "trafficmanager.net", "azureedge.net", "azurefd.net", "elb.amazonaws.com", "cloudfront.net",
    "cdn77.org", "b-cdn.net", "edgecastcdn.net", "impervadns.net", "incapdns.net", "googleapis.com",
    "cdn.cloudflare.net",
})  # fmt: skip
"""Suffixes of networks that deliver other sites: names below them are made by machines for customers under contract."""

SERVICES: Final = frozenset({
    "sharepoint.com", "onmicrosoft.com", "salesforce.com", "my.salesforce.com", "my.site.com",
    "force.com", "myshopify.com", "zendesk.com", "atlassian.net", "okta.com", "service-now.com",
    "freshdesk.com", "slack.com", "webex.com", "box.com", "myworkday.com", "successfactors.com",
    "azurewebsites.net", "azure-api.net", "okta-emea.com", "documentforce.com", "visualforce.com",
    "cloudforce.com", "lightning.force.com", "cloudapp.azure.com", "blob.core.windows.net",
    "s3.amazonaws.com",
})  # fmt: skip
"""Services that name a customer's place after the customer: an organisation's own name alone says nothing there."""
