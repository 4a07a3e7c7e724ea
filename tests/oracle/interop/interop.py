#!/usr/bin/env python3
"""Quantizes pico-moe with Rung and has compare.mjs load the result in llama.cpp and in @huggingface/gguf.

  interop.py --node-folder DIR install      npm packages into DIR, once for each lock file
  interop.py --node-folder DIR compare RUNG --rung PROGRAM --probabilities PROGRAM
Exit status: 0 agree, 1 differ, 77 Node 20 with npm, or the registry, cannot be had.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODEL_FOLDER = HERE.parents[2] / "models" / "pico-moe"
MODEL = MODEL_FOLDER / "pico-moe.bf16.gguf"
FILES = ("package.json", "package-lock.json", "compare.mjs")
RECIPES = ("naive-q2", "asymmetric", "asymmetric-q4")
SKIP = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def need_node():
    if not (shutil.which("node") and shutil.which("npm")):
        skip("node and npm are not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.match(r"v(\d+)", version).group(1)) < 20:
        skip(f"node {version.strip()} is older than 20, which node-llama-cpp needs")


def install(folder):
    """Leaves a copy of the lock file behind when everything is installed, so that the next time costs nothing."""
    need_node()
    folder.mkdir(parents=True, exist_ok=True)
    lock, done = (HERE / "package-lock.json").read_bytes(), folder / "installed.json"
    for name in FILES:
        shutil.copyfile(HERE / name, folder / name)
    if done.exists() and done.read_bytes() == lock:
        return 0
    done.unlink(missing_ok=True)
    # `npm ci` would insist on a lock entry for the builds for other systems, which --omit=optional leaves out (as it
    # does the CUDA and Vulkan builds). The scripts would download llama.cpp: its build comes as the linux-x64 package.
    command = ["npm", "install", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    result = subprocess.run(command, cwd=folder, text=True, capture_output=True, stdin=subprocess.DEVNULL,
                            env={**os.environ, "NODE_LLAMA_CPP_SKIP_DOWNLOAD": "true"})
    if result.returncode != 0:
        print(result.stdout + result.stderr)
        if re.search(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT", result.stderr):
            skip("the npm registry cannot be reached")
        return 1
    done.write_bytes(lock)
    return 0


def write_rung(rung, program, target):
    """The file Rung writes for a rung; the reference is the shipped file itself."""
    if rung == "bf16":
        shutil.copyfile(MODEL, target)
        return
    choice = ["--recipe", rung] if rung in RECIPES else ["--type", rung]
    subprocess.run([program, "quantize", MODEL, target, *choice, "--imatrix", MODEL_FOLDER / "imatrix.gguf"],
                   check=True, stdout=subprocess.DEVNULL)


def compare(rung, program, probabilities, folder):
    if not (folder / "installed.json").exists():
        skip("oracle_interop_install did not install the npm packages")
    with tempfile.TemporaryDirectory(prefix="rung-interop-") as work:
        model, probabilities_file, inspect_file = (Path(work, name) for name in ("rung.gguf", "p.json", "inspect.json"))
        write_rung(rung, program, model)
        with open(probabilities_file, "wb") as out:
            subprocess.run([probabilities, model, HERE / "tokens.json"], check=True, stdout=out)
        with open(inspect_file, "wb") as out:
            subprocess.run([program, "inspect", model, "--json"], check=True, stdout=out)
        return subprocess.run(["node", "compare.mjs", model, probabilities_file, inspect_file], cwd=folder).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--node-folder", type=Path, required=True)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("install")
    comparison = actions.add_parser("compare")
    comparison.add_argument("name")
    comparison.add_argument("--rung", type=Path, required=True)
    comparison.add_argument("--probabilities", type=Path, required=True)
    options = parser.parse_args()
    if options.action == "install":
        return install(options.node_folder)
    return compare(options.name, options.rung, options.probabilities, options.node_folder)


if __name__ == "__main__":
    sys.exit(main())
