"""Benchmarks: `python -m bench [FAMILY …]` writes bench/results.json (format: docs/benchmarks.md)."""
