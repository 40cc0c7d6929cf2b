#!/usr/bin/env bash
# Make this machine ready for the demo, the tests, or just work on the code: `setup.sh demo`, `test` or `code`.
# The system's packages come first; then Asterisk is unpacked while Python and the console are built.
. "$(dirname "$0")/progress.sh"

here=lab/setup
started=$SECONDS
"$here/packages.sh" "$1"
if [ "$1" = code ]; then
    "$here/python.sh"
    exec "$here/console.sh"
fi
# In a process group of its own (set -m), so that a step that fails, or Ctrl-C, takes the whole of it along.
set -m
"$here/asterisk.sh" </dev/null &
asterisk=$!
set +m
trap 'kill -- "-$asterisk" 2>/dev/null || true' EXIT
"$here/python.sh"
"$here/console.sh" build
wait "$asterisk" || fail "Asterisk could not be made ready, see above"
trap - EXIT
took=$((SECONDS - started))
if [ "$took" -gt 1 ]; then say "everything is in place after $took s"; fi
