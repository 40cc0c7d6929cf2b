#!/usr/bin/env bash
# Write requirements.lock: versions and hashes, but no addresses, so that every machine uses its own index.
. "$(dirname "$0")/progress.sh"

uv=build/lock/bin/uv
if ! [ -x "$uv" ]; then
    python3 -m venv build/lock
    build/lock/bin/python -m pip install --quiet uv
fi
index=$(build/lock/bin/python -m pip config get global.index-url 2>/dev/null || true)
"$uv" pip compile pyproject.toml --output-file requirements.lock --upgrade --quiet \
    --universal --python-version 3.11 --extra fast --extra legacy --extra mariadb --group dev \
    --generate-hashes --no-header --no-emit-index-url ${index:+--index-url "$index"}
git --no-pager diff --stat -- requirements.lock
