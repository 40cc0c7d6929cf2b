#!/usr/bin/env bash
# Fill in forms in the forms engine of another project: `oracle.sh RUNS FORM…` prints what it makes of them (lab/oracle/drive.mjs).
# Installs the engine into build/oracle first when that is needed.
. "$(dirname "$0")/progress.sh"

mkdir -p build/oracle "$STAMPS"
packages_stamp=$STAMPS/oracle.made-from
packages=$(cat lab/oracle/package.json lab/oracle/package-lock.json | digest)
cp lab/oracle/package.json lab/oracle/package-lock.json lab/oracle/.npmrc lab/oracle/*.mjs build/oracle/
if [ "$(cat "$packages_stamp" 2>/dev/null)" != "$packages" ]; then
    say "installing the locked packages" >&2
    rm -rf build/oracle/node_modules
    # Not `npm ci`, see console.sh.
    NODE_FOLDER=build/oracle quietly lab/setup/node.sh npm install --no-save --no-audit --no-fund --no-update-notifier ||
        fail "npm could not install the packages, see above"
    echo "$packages" >"$packages_stamp"
fi

# Dates of both engines are those of UTC.
TZ=UTC NODE_FOLDER=build/oracle exec lab/setup/node.sh node drive.mjs "$@"
