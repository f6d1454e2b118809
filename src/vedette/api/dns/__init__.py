"""The resolver that phones use: DNS over HTTPS and over TLS, and the check of links (docs/web-protection.md)."""
