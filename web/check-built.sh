#!/bin/sh
# check-built.sh [WORK_FOLDER]: builds the page from these sources, runs their unit tests, and compares the result byte for
# byte with src/report/page.html. Works in a copy, so that nothing here changes. Exit status 77: Node is missing or older
# than vite takes, or npm has no packages.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
page=$here/../src/report/page.html
work=${1:-${TMPDIR:-/tmp}/rung-page-build}

skip() {
  echo "skipped: $1"
  exit 77
}
for tool in node npm; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  skip "vite needs Node 20.19, this is $(node --version)"

mkdir -p "$work"
rm -rf "$work/src" "$work/sample"
cp -R "$here/src" "$here/sample" "$here/index.html" "$here/package.json" "$here/package-lock.json" "$here/tsconfig.json" \
  "$here/vite.config.ts" "$work"
cd "$work"
if ! cmp -s package-lock.json installed.json; then
  npm ci --no-audit --no-fund --loglevel=error </dev/null >npm.log 2>&1 || {
    cat npm.log
    skip "npm could not install the packages of web/"
  }
  cp package-lock.json installed.json
fi
npm test --silent
npm run --silent bundle
cmp dist/index.html "$page" || {
  echo "src/report/page.html is not what web/ builds: run 'npm ci && npm run build' in web/ and commit the result"
  exit 1
}
echo "src/report/page.html is current"
