#!/usr/bin/env python3
"""Compares `rung plan` with published maps of tensors: bytes by shape and type against the bytes that the files have.

    bench/plan_maps.py build/release/apps/rung/rung FOLDER

FOLDER holds tensors.TYPE.map files in any depth (Thireus' GGUF Tool Suite, https://github.com/Thireus/GGUF-Tool-Suite;
all credit for the maps to Thireus and its contributors). For each map: every type's bytes against its bytes= fields. For each
pair of tensors.bf16.map and another type's: what plan makes of the first against the second, tensors that differ listed.
Differences that are explained below are counted, all others fail: exit status 1.
"""
import collections
import json
import subprocess
import sys
from pathlib import Path

TYPE_OF_MAP = {"q4_K": "q4_k"}
PADDED = 32  # GGUF's alignment: a file of one small tensor, as the maps' author keeps them, is padded to it


def read_map(path):
    tensors = {}
    for line in path.read_text().splitlines():
        parts = line.split(":")
        fields = dict(part.split("=", 1) for part in parts[3:])
        tensors[parts[2]] = (fields["shape"], fields["dtype"], int(fields["elements"]), int(fields["bytes"]))
    return tensors


def by_type(tensors):
    """Bytes by type as the map has them, and what of them is padding."""
    totals, padding = collections.Counter(), 0
    for _, dtype, elements, size in tensors.values():
        if dtype == "f32" and size == PADDED and 4 * elements < PADDED:
            padding += size - 4 * elements
            size = 4 * elements
        totals[dtype] += size
    return totals, padding


def plan(rung, path, *more):
    run = subprocess.run([rung, "plan", str(path), "--memory", "1TiB", "--json", *more], capture_output=True, text=True,
                         check=True)
    weights = json.loads(run.stdout)["weights"]
    return weights["bytes"], collections.Counter({part["name"]: part["bytes"] for part in weights["by_type"]})


def explained(source, target, planned_type):
    """Tensors of the target map that its author gave another type than the map is named for."""
    chosen = collections.Counter()
    for name, (_, dtype, _, _) in target.items():
        if source[name][1] == "f32" or dtype == planned_type:
            continue
        chosen[(name.split(".", 2)[-1] if name.startswith("blk.") else name, dtype)] += 1
    return chosen


def main():
    rung, folder = sys.argv[1], Path(sys.argv[2])
    faults = 0
    for path in sorted(folder.rglob("tensors.*.map")):
        tensors = read_map(path)
        expected, padding = by_type(tensors)
        total, types = plan(rung, path)
        exact = types == expected and total == sum(expected.values())
        faults += not exact
        print(f"{path.relative_to(folder)}: {total} bytes, {'exact' if exact else f'expected {dict(expected)}, found {dict(types)}'}"
              + (f"; {padding} bytes of padding in the author's files of one tensor each" if padding else ""))
        source_path = path.parent / "tensors.bf16.map"
        map_type = path.name.split(".")[1]
        if map_type == "bf16" or not source_path.exists():
            continue
        wanted = TYPE_OF_MAP.get(map_type, map_type)
        source = read_map(source_path)
        from_source, planned = plan(rung, source_path, "--recipe", wanted)
        if planned == expected:
            print(f"  from tensors.bf16.map with {wanted}: the same bytes, type by type")
            continue
        # Put the author's other choices in place of the type: then the bytes must agree.
        difference, reasons = 0, explained(source, tensors, wanted)
        fallbacks = {"q5_0", "iq4_nl"}  # rows that the type's block does not divide: plan makes the same choice
        for name, (_, dtype, elements, size) in tensors.items():
            if source[name][1] == "f32" or dtype == wanted or dtype in fallbacks:
                continue
            block = next((s, e) for n, (_, t, e, s) in tensors.items() if t == wanted)
            difference += size - elements * block[0] // block[1]
        agrees = from_source + difference == sum(expected.values())
        faults += not agrees
        chosen = ", ".join(f"{count} {name} as {dtype}" for (name, dtype), count in reasons.items() if dtype not in fallbacks)
        print(f"  from tensors.bf16.map with {wanted}: {from_source} bytes; the author chose {chosen}: "
              f"{difference} bytes more, {'which is all the difference' if agrees else 'which does NOT explain it'}")
    print("all agree" if not faults else f"{faults} do not agree")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
