# Sourced by the steps: say what is being done, and stop with a sentence instead of a riddle.
# Each step runs from the root of the repository and under these rules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Who interrupts knows why it stops.
trap 'exit 130' INT

STEP=$(basename "$0" .sh)
# Which sources the newest build of a thing was made from.
STAMPS=build/setup

say() { printf '%s: %s\n' "$STEP" "$*"; }

fail() {
    printf '%s: %s\n' "$STEP" "$1" >&2
    shift
    for line in "$@"; do printf '%*s%s\n' $((${#STEP} + 2)) '' "$line" >&2; done
    exit 1
}

# Show a log's beginning, where npm says what is wrong, and its end, where everybody else does.
show() {
    local lines
    lines=$(wc -l <"$1")
    if [ "$lines" -le 80 ]; then cat "$1"; else head -n 20 "$1"; echo "… (all of it is in $1)"; tail -n 60 "$1"; fi >&2
}

# Run a command that is quiet unless it fails; then show everything it said.
quietly() {
    local log
    mkdir -p "$STAMPS"
    log="$STAMPS/$STEP.log"
    "$@" >"$log" 2>&1 || { show "$log"; return 1; }
}

# The same, but show what an awk program makes of its lines while it works.
while_showing() { # program command…
    local program=$1 log="$STAMPS/$STEP.log"
    shift
    mkdir -p "$STAMPS"
    "$@" 2>&1 | tee "$log" | awk -v step="$STEP" "$program" || { show "$log"; return 1; }
}

# The digest of what stands on standard input.
digest() { sha256sum | cut -d' ' -f1; }
