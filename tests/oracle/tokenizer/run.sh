#!/bin/sh
# run.sh NODE_FOLDER DATA_FOLDER PROGRAM: has npm's tokenizers write what it expects, then PROGRAM compare with it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
status=0
"$here/../install.sh" "$1" || status=$?
[ "$status" = 0 ] || exit "$status"
mkdir -p "$2"
node "$here/export.mjs" "$1" "$2"
exec "$3" "$2"
