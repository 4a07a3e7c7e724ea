#!/bin/sh
# run.sh NODE_FOLDER CASES PROGRAM: has python3-jinja2 write what it renders, then PROGRAM compare with it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# Debian's own python3 by path: another one earlier on PATH may lack Debian's packages.
python=/usr/bin/python3
"$python" -c 'import jinja2' 2>/dev/null || {
  echo "skipped: $python has no jinja2 (Debian: python3-jinja2)"
  exit 77
}
# Without npm the templates of Llama 3.1 and Qwen 3 are left out; the rest is still compared.
"$here/../install.sh" "$1" || echo "without the templates from npm"
"$python" "$here/expect.py" "$1" "$2"
exec "$3" "$2"
