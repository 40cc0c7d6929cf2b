#!/usr/bin/env bash
# Install the packages that the browser applications are made with, and with `build` as argument make agent_ui/dist;
# each only when something has changed since the last time.
. "$(dirname "$0")/progress.sh"

if ! [ -f agent_ui/package.json ]; then exit 0; fi
mkdir -p "$STAMPS"

packages_stamp=agent_ui/node_modules/.made-from
packages=$(cat agent_ui/package.json agent_ui/package-lock.json requirements.lock | digest)
if [ "$(cat "$packages_stamp" 2>/dev/null)" != "$packages" ]; then
    say "installing the locked packages"
    # Not `npm ci`: it refuses a lock that was made with a registry which lacks the builds for other systems.
    # Like it, this starts afresh, takes the locked versions and checks their hashes.
    rm -rf agent_ui/node_modules
    quietly lab/setup/node.sh npm install --no-save --no-audit --no-fund --no-update-notifier ||
        fail "npm could not install the packages, see above"
    echo "$packages" >"$packages_stamp"
fi

if [ "${1:-}" != build ]; then exit 0; fi

build_stamp=$STAMPS/console.made-from
sources=$(find agent_ui \( -name node_modules -o -name dist \) -prune -o -type f -print0 | sort -z |
    xargs -0 sha256sum | digest)
if [ -n "$(ls agent_ui/dist 2>/dev/null)" ] && [ "$(cat "$build_stamp" 2>/dev/null)" = "$sources" ]; then exit 0; fi
say "building"
rm -f "$build_stamp"
quietly lab/setup/node.sh npm run build || fail "the console could not be built, see above"
echo "$sources" >"$build_stamp"
