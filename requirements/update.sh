#!/bin/sh
# Renew the lock files after a change of pyproject.toml. No package host is recorded in them.
set -eu
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate "$@"; }
lock requirements/tools.in -o requirements/tools.lock
lock --extra embedded pyproject.toml -o requirements/run.lock
lock --extra embedded --group dev pyproject.toml -o requirements/dev.lock
