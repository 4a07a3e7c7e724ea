#!/usr/bin/env python3
"""Writes testdata/llama-mixtures/NAME.txt: which type llama-quantize gives each tensor of a model, for every mixture.

Usage: import_llama_mixtures.py --quantize LLAMA_QUANTIZE --commit COMMIT --rung RUNG --imatrix FILE NAME=MODEL...

Each file holds what the choice depends on (metadata keys, tensor names and shapes), so that the test needs neither the
model nor llama.cpp. The format is described in testdata/llama-mixtures/README.md.
"""
import argparse
import json
import re
import subprocess
from pathlib import Path

MIXTURES = """Q2_K Q2_K_S Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q1_0 Q2_0
IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_NL IQ4_XS MXFP4_MOE TQ1_0 TQ2_0 F16 BF16""".split()
KEYS = ("block_count", "expert_count", "attention.head_count", "attention.head_count_kv")
LINE = re.compile(r"^\[ *\d+/ *\d+\] +(\S+) +- .*type = +(\w+), size =.*MiB(?: -> .*\((\w+)\))?$")
OUT = Path(__file__).resolve().parent.parent / "testdata" / "llama-mixtures"


def types_of(options, model, mixture, with_imatrix):
    """{tensor: type} that llama-quantize announces, or None where it refuses the mixture."""
    command = [options.quantize, "--allow-requantize", "--dry-run"]
    command += ["--imatrix", options.imatrix] if with_imatrix else []
    run = subprocess.run(command + [model, mixture], capture_output=True, text=True)
    if run.returncode != 0:
        return None
    lines = (LINE.match(line) for line in (run.stdout + run.stderr).splitlines())
    return {line[1]: (line[3] or line[2]).lower() for line in lines if line}


def describe(options, name, model):
    """The lines of the model's file."""
    info = json.loads(subprocess.run([options.rung, "inspect", model, "--json"], capture_output=True, check=True).stdout)
    metadata, tensors = info["metadata"], info["tensors"]
    prefix = metadata["general.architecture"]
    lines = [f"# {name}: llama-quantize --allow-requantize [--imatrix FILE] --dry-run MODEL MIXTURE, llama.cpp {options.commit}",
             f"architecture {prefix}"]
    for key in KEYS:
        value = metadata.get(f"{prefix}.{key}")
        if value is not None:
            lines.append(f"key {key} " + " ".join(map(str, value if isinstance(value, list) else [value])))
    lines += [f"tensor {t['name']} {t['type']} {'x'.join(map(str, t['shape']))}" for t in tensors]
    codes = {}

    def encode(types):
        if types is None:
            return "refused"
        assert set(types) == {t["name"] for t in tensors}, (name, set(types) ^ {t["name"] for t in tensors})
        return "".join(codes.setdefault(types[t["name"]], chr(ord("A") + len(codes))) for t in tensors)

    results = []
    for mixture in MIXTURES:
        plain, weighted = (encode(types_of(options, model, mixture, with_imatrix)) for with_imatrix in (False, True))
        results.append(f"mixture {mixture} {plain}" + (f" {weighted}" if weighted != plain else ""))
    return lines + [f"code {code} {kind}" for kind, code in codes.items()] + results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("quantize", "commit", "rung", "imatrix"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for entry in options.models:
        name, model = entry.split("=", 1)
        (OUT / f"{name}.txt").write_text("\n".join(describe(options, name, model)) + "\n")


if __name__ == "__main__":
    main()
