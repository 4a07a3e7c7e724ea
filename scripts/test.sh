#!/usr/bin/env bash
# Sets up, builds and tests. Ends with ctest's summary.
#   scripts/test.sh                            everything, release build
#   scripts/test.sh --preset asan [CTEST ARG]  another preset of CMakePresets.json (dev, asan, tsan); ctest arguments
#                                              choose tests, for example -L unit or -R engine
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
if [[ ${1:-} == --preset ]]; then
  preset=${2:?--preset needs a name}
  shift 2
fi

scripts/setup.sh --test
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
ctest --preset "$preset" -j "$(nproc)" --no-tests=error "$@" | tee "$log" || status=$?
echo
echo "Slowest tests:"
sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) .* ([0-9.]+) sec.*/\2 s  \1/p' "$log" | sort -rn | sed -n 1,10p
echo
grep -E 'tests passed' "$log" || true
exit "$status"
