"""What an analyst collected of a phone, whatever the tool: read into the same facts that the phone itself reports.

A folder or zip of androidqf, a bug report, texts of `dumpsys`, `getprop` and `pm`, an Android backup, an iOS backup, or
what a computer was told about an iPhone. Nothing is executed, nothing is written, and what cannot be read is named.
"""
