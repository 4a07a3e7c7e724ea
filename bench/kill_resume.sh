#!/bin/bash
# Kills rung quantize at random moments, starts it again, and compares the bytes with those of an uninterrupted run.
# Usage: bench/kill_resume.sh RUNG MODEL.gguf [KILLS=20] [quantize options, default --type q4_k]
# Each round: one kill at a random share of the uninterrupted run's time, then the same command to its end.
set -euo pipefail
rung=$1 model=$2 kills=${3:-20}
shift $(($# < 3 ? $# : 3))
options=("$@")
[ ${#options[@]} -gt 0 ] || options=(--type q4_k)
folder=$(mktemp -d "${TMPDIR:-/tmp}/kill-resume-XXXXXX")
trap 'rm -rf "$folder"' EXIT
begin=$(date +%s%N)
"$rung" quantize "$model" "$folder/whole.gguf" "${options[@]}" --json > /dev/null
span=$((($(date +%s%N) - begin) / 1000))
wanted=$(sha256sum < "$folder/whole.gguf")
rm "$folder/whole.gguf"
resumed=0
for ((round = 1; round <= kills; ++round)); do
  moment=$(((RANDOM * 32768 + RANDOM) % span))
  "$rung" quantize "$model" "$folder/out.gguf" "${options[@]}" --json > /dev/null &
  job=$!
  sleep "$(printf '%d.%06d' $((moment / 1000000)) $((moment % 1000000)))"
  kill -9 $job 2> /dev/null || true
  wait $job 2> /dev/null || true
  done_tensors=$(grep -c '^tensor' "$folder/out.gguf.rung-resume" 2> /dev/null || true)
  "$rung" quantize "$model" "$folder/out.gguf" "${options[@]}" > "$folder/log" 2>&1
  if grep -q 'going on' "$folder/log"; then resumed=$((resumed + 1)); fi
  if [ "$(sha256sum < "$folder/out.gguf")" != "$wanted" ]; then
    echo "round $round: killed after $moment us: other bytes"
    exit 1
  fi
  if [ "$(ls "$folder" | sort | tr '\n' ' ')" != "log out.gguf " ]; then
    echo "round $round: left over: $(ls "$folder")"
    exit 1
  fi
  echo "round $round: killed after $((moment / 1000)) ms with ${done_tensors:-0} tensors done: same bytes"
  rm "$folder/out.gguf"
done
echo "$kills kills, $resumed resumed, all with the bytes of the uninterrupted run ($((span / 1000)) ms)"
