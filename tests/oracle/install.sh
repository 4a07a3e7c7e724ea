#!/bin/sh
# install.sh FOLDER: the npm packages of tests/oracle/package.json into FOLDER/node_modules, once for each lock file.
# Several tests may call it at the same time. Exit status: 0 installed, 77 they cannot be had here (the reason is printed).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1

skip() {
  echo "skipped: $1"
  exit 77
}
for tool in node npm flock; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done

mkdir -p "$folder"
exec 9>"$folder/install.lock"
flock 9
# The copy of the lock file says that everything it names is in place.
if cmp -s "$here/package-lock.json" "$folder/installed.json"; then
  exit 0
fi
rm -f "$folder/installed.json"
cp "$here/package.json" "$here/package-lock.json" "$folder"
cd "$folder"
npm ci --prefer-offline --fetch-retries=1 --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >npm.log 2>&1 || {
  cat npm.log
  skip "npm could not install the packages"
}
cp package-lock.json installed.json
