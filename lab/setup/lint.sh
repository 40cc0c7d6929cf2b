#!/usr/bin/env bash
# Everything that is checked without running the product. Goes on after a failure: one look shows all.
. "$(dirname "$0")/progress.sh"

failed=()
check() { # name command…
    local name=$1 started=$SECONDS
    shift
    if quietly "$@"; then
        say "$name: fine ($((SECONDS - started)) s)"
    else
        say "$name: NOT fine"
        failed+=("$name")
    fi
}

check format .venv/bin/ruff format --check .
check style .venv/bin/ruff check .
check types .venv/bin/mypy
check layers .venv/bin/lint-imports --no-logo
if [ -f agent_ui/package.json ]; then check console lab/setup/node.sh npm run check; fi
[ "${#failed[@]}" = 0 ] || fail "not fine: ${failed[*]}"
