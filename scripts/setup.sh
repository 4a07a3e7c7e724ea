#!/usr/bin/env bash
# Installs the Debian 12 packages Rung needs. Quiet, repeatable; returns at once where everything is present.
#   scripts/setup.sh          what building the program takes
#   scripts/setup.sh --test   and what the tests and checks of .ci/run take
set -euo pipefail

packages=(g++ cmake ninja-build ccache mold pkg-config
  nlohmann-json3-dev libcli11-dev libfmt-dev libexpected-dev libpcre2-dev libxxhash-dev libtomlplusplus-dev libeigen3-dev
  zlib1g-dev libcld2-dev libsqlite3-dev libsqlitecpp-dev)
test_packages=(libgtest-dev libgmock-dev librapidcheck-dev
  python3 python3-jinja2              # the end-to-end tests; the oracle of the chat templates
  chromium                            # opens the report page
  clang libclang-rt-14-dev clang-format clang-tidy)  # libFuzzer and the style checks

case "${1:-}" in
  "") ;;
  --test)
    packages+=("${test_packages[@]}")
    # Debian 12 has Node 18. A newer one on PATH stays; the tests that need Node 20 skip themselves below it.
    if ! { command -v node && command -v npm; } >/dev/null; then packages+=(nodejs npm ca-certificates); fi
    ;;
  *)
    echo "usage: scripts/setup.sh [--test]" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null; then
  echo "scripts/setup.sh knows only Debian's apt-get, which is not here. Needed: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=absent
  [[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "scripts/setup.sh must install ${missing[*]}: run it as root, or install sudo." >&2
    exit 1
  fi
  root=(sudo)
fi
apt() {  # apt-get shows its output only when it fails
  local log
  log=$(mktemp)
  if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
apt update
apt install --no-install-recommends "${missing[@]}"
