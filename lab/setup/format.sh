#!/usr/bin/env bash
# Put all code into its form, and repair what the linters can repair by themselves.
. "$(dirname "$0")/progress.sh"

.venv/bin/ruff check --fix --quiet . || true
.venv/bin/ruff format .
if [ -f agent_ui/package.json ]; then lab/setup/node.sh biome check --write .; fi
