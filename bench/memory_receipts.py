#!/usr/bin/env python3
"""Compares the memory that `rung run --receipt` predicts with what the kernel reports, from outside the process.

Usage: bench/memory_receipts.py RUNG MAKE_RANDOM_MODEL [--folder DIR] [--contexts 1024,4096,16384] [--kv f32,f16,q8_0]
       [--models pico,1b,2b-moe]

Runs the shipped model and random ones (1.1 billion weights dense, 2 billion in a mixture of experts; made in the folder and
removed again) on a prompt of 512 tokens, for every context and KV type. Anonymous memory and file pages are the highest of
/proc/PID/status read every millisecond; their sum is the kernel's own highest value (wait4, ru_maxrss). Memory can rise
between two looks, so anonymous memory counts as at least that highest sum less the highest file pages. Prints a Markdown
table; exit status 1 if a cell is off by more than 3 % and 20 MiB.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICO = ROOT / "models/pico-moe/pico-moe.bf16.gguf"
TOKENS, MIB = 512, 1 << 20


def watch(process):
    """The highest RssAnon and RssFile of a child until it ends, and ru_maxrss, in bytes."""
    anonymous = file = 0
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        while True:
            status.seek(0)
            try:
                fields = dict(line.split(":", 1) for line in status.read().splitlines())
            except (ProcessLookupError, ValueError):
                fields = {}
            anonymous = max(anonymous, int(fields.get("RssAnon", "0 kB").split()[0]) * 1024)
            file = max(file, int(fields.get("RssFile", "0 kB").split()[0]) * 1024)
            pid, code, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                return code, anonymous, file, usage.ru_maxrss * 1024
            time.sleep(0.001)


def run(rung, model, prompt, context, kv, tokens=1):
    command = [rung, "run", model, "--raw", "-p", prompt, "-n", str(tokens), "--temperature", "0", "--context", str(context),
               "--kv", kv, "--receipt", "--json"]
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out)
        code, anonymous, file, peak = watch(process)
        if code != 0:
            sys.exit(f"{model} {context} {kv}: exit status {os.waitstatus_to_exitcode(code)}")
        out.seek(0)
        answer = json.load(out)
    return answer, {"anonymous": max(anonymous, peak - file), "file": file, "resident": peak}


def words_for(rung, model, words):
    """So many of the words that they are TOKENS tokens, or as near as words come from below."""
    low, high = 1, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        answer, _ = run(rung, model, " ".join(words[:middle]), 4 * TOKENS, "f16", 0)
        low, high = (middle, high) if answer["prompt_tokens"] <= TOKENS else (low, middle - 1)
    return " ".join(words[:low])


def cells(predicted, actual):
    """The three numbers of a row, and whether all are near enough."""
    texts, good = [], True
    for part in ("anonymous", "file", "resident"):
        want, got = predicted[f"{part}_peak"]["predicted"], actual[part]
        texts.append(f"{want / MIB:.1f} | {got / MIB:.1f} | {100 * (want - got) / got:+.1f} %")
        good &= abs(want - got) <= max(0.03 * got, 20 * MIB)
    return texts, good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rung")
    parser.add_argument("make_random_model")
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--contexts", default="1024,4096,16384")
    parser.add_argument("--kv", default="f32,f16,q8_0")
    parser.add_argument("--models", default="pico,1b,2b-moe")
    options = parser.parse_args()
    print("MiB; predicted, actual, difference\n")
    print("| model | context | KV | anonymous | | | file pages | | | resident | | |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    all_good = True
    for name in options.models.split(","):
        model = PICO if name == "pico" else Path(options.folder) / f"random-{name}.gguf"
        try:
            if name == "pico":
                prompt = words_for(options.rung, model, (PICO.parent / "calibration.txt").read_text("utf-8").split()[:700])
            else:
                subprocess.run([options.make_random_model, "--preset", name, str(model)], check=True)
                prompt = " ".join(f"w{word}" for word in random.Random(1).sample(range(31000), TOKENS - 1))  # and BOS
            for context in options.contexts.split(","):
                for kv in options.kv.split(","):
                    answer, actual = run(options.rung, model, prompt, context, kv)
                    if not 0.98 * TOKENS <= answer["prompt_tokens"] <= TOKENS:
                        sys.exit(f"{model}: the prompt has {answer['prompt_tokens']} tokens, not {TOKENS}")
                    texts, good = cells(answer["receipt"], actual)
                    all_good &= good
                    mark = "" if good else " **off**"
                    print(f"| {name} | {context} | {kv} | {' | '.join(texts)}{mark} |", flush=True)
        finally:
            if name != "pico":
                model.unlink(missing_ok=True)
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
