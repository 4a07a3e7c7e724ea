#!/usr/bin/env bash
# Builds the fuzzers and runs each for some seconds (20 unless told): tests/fuzz/run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset fuzz -DRUNG_TESTS=ON >/dev/null
cmake --build --preset fuzz --target fuzzers
corpus=build/fuzz/corpus
python3 tests/fuzz/make_seeds.py "$corpus"
for program in build/fuzz/tests/fuzz/*_fuzz; do
  echo "$(basename "$program"): ${1:-20} seconds"
  "$program" -max_total_time="${1:-20}" -max_len=65536 -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz/" "$corpus"
done
