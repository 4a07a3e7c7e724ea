#!/usr/bin/env bash
# Builds Rung and takes a model down the precision ladder.
#   scripts/ladder.sh                       the shipped model, up to 200 questions a capability, into rung-out/
#   scripts/ladder.sh MODEL.gguf [OPTION]   your own; options are those of rung ladder (--out DIR is required then)
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

"$here/scripts/setup.sh"
(
  cd "$here"
  cmake --preset user >/dev/null
  cmake --build --preset user
)
rung="$here/build/user/apps/rung/rung"
if (($#)); then exec "$rung" ladder "$@"; fi
exec "$rung" ladder "$here/models/pico-moe/pico-moe.bf16.gguf" --out rung-out
