#!/usr/bin/env bash
# Make .venv from requirements.lock with the machine's own Python and its own pip configuration.
. "$(dirname "$0")/progress.sh"

if [ -L .venv ]; then exit 0; fi # a borrowed environment is its owner's business

stamp=.venv/made-from
now=$( (pwd -P; cat requirements.lock pyproject.toml) | digest)
if [ -x .venv/bin/caruso ] && .venv/bin/python -c '' 2>/dev/null && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
    exit 0
fi

suits() { "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

choose_python() {
    local candidate
    for candidate in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
        if suits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python of version 3.11 or newer with venv was found" \
        "Debian 12 and newer have one: apt-get install python3 python3-venv"
}

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python=$(choose_python)
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
rm -f "$stamp"
say "installing $(grep -c '^[a-z0-9]' requirements.lock) locked packages"
# The lock names every package, so nothing is left to resolve; what is never imported need not be compiled.
export PYTHONUNBUFFERED=1
while_showing '/^(Collecting|Processing) / && ++count % 15 == 0 { print step ": " count " so far"; fflush() }' \
    .venv/bin/python -m pip install --no-deps --no-compile --require-hashes -r requirements.lock ||
    fail "pip could not install the locked packages, see above"
quietly .venv/bin/python -m pip install --no-deps --no-build-isolation --editable . ||
    fail "pip could not install the project itself, see above"
echo "$now" >"$stamp"
