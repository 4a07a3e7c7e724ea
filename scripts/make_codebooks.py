#!/usr/bin/env python3
"""Writes src/codec/codebooks_data.inc, the packed grids of the IQ formats, from a JSON of plain grids.

usage: make_codebooks.py codebooks.json > src/codec/codebooks_data.inc

The JSON has one array per grid: a list of points, each a list of 8 (iq1, iq2) or 4 (iq3) numbers. A point becomes one
16-bit word: the index of each number among the grid's levels, 2 bits each (8 numbers) or 3 bits each (4 numbers), the
first number lowest.
"""
import json
import sys

LEVELS = {
    "iq2_xxs": [8, 25, 43],
    "iq2_xs": [8, 25, 43],
    "iq2_s": [8, 25, 43],
    "iq3_xxs": [4, 12, 20, 28, 36, 44, 52, 62],
    "iq3_s": [1, 3, 5, 7, 9, 11, 13, 15],
    "iq1_s": [-1, 0, 1],
}


def pack(point, levels):
    bits = 16 // len(point) if len(point) == 8 else 3
    return sum(levels.index(value) << (bits * position) for position, value in enumerate(point))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        grids = json.load(file)
    print("// Written by scripts/make_codebooks.py: do not edit. The grids are ggml's published data (MIT licence).")
    for name, levels in LEVELS.items():
        words = [f"0x{pack(point, levels):04x}" for point in grids[name]]
        print(f"constexpr std::array<uint16_t, {len(words)}> k{name.title().replace('_', '')}Packed = {{")
        for start in range(0, len(words), 14):
            print("    " + ", ".join(words[start:start + 14]) + ",")
        print("};")


main()
