#!/bin/sh
# run.sh RENDER_PROGRAM SAMPLE.json WORK_FOLDER: renders the sample and its broken variants, opens each in Chromium and
# checks it (page_test.mjs). Reports and screenshots stay in WORK_FOLDER. Exit status 77: something needed is not here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
render=$1
sample=$2
work=$3

skip() {
  echo "skipped: $1"
  exit 77
}
for tool in node npm; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done

mkdir -p "$work"
# The copy of the lock file says that everything it names is in place.
if ! cmp -s "$here/package-lock.json" "$work/installed.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$work"
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >npm.log 2>&1) || {
    cat "$work/npm.log"
    skip "npm could not install playwright-core and axe-core"
  }
  cp "$here/package-lock.json" "$work/installed.json"
fi

rm -rf "$work/cases"
node "$here/cases.mjs" "$sample" "$work/cases"
set --
for ladder in "$work"/cases/*.json; do
  "$render" "$ladder" "${ladder%.json}.html"
  set -- "$@" "${ladder%.json}"
done
exec node "$here/page_test.mjs" "$work" "$work/screenshots" "$@"
