#!/usr/bin/env python3
"""Writes src/codec/grid_minima_data.inc: how the encoders find the least of many overlapping sets in few comparisons.

usage: make_grid_minima.py src/codec/codebooks_data.inc > src/codec/grid_minima_data.inc

A point of an iq2 or iq3 grid is a pair of halves. For every first half the search wants the cheapest of the second
halves that may follow it; these sets have much in common. So the pair of halves that most sets contain is compared
once, its minimum takes their place in all these sets, and so on: Paar's greedy algorithm for shared sums. Ties are
broken at random, and the best of some attempts is kept; the seeds are fixed.
"""
import itertools
import random
import re
import sys

GRIDS = {  # values of a half, levels
    "Iq2Xxs": (4, 3),
    "Iq2Xs": (4, 3),
    "Iq2S": (4, 3),
    "Iq3Xxs": (2, 8),
    "Iq3S": (2, 8),
}
FIRST_STEP = 81  # entries below are slots of halves
ATTEMPTS = 400


def slot_of(packed, values, levels):
    """As in grid_halves.h."""
    bits = 3 if levels > 4 else 2
    slot = 0
    for position in reversed(range(values)):
        slot = slot * levels + ((packed >> (position * bits)) & ((1 << bits) - 1))
    return slot


def partners_of(words, values, levels):
    """The slots of second halves by slot of the first."""
    bits = 3 if levels > 4 else 2
    sets = {}
    for word in words:
        sets.setdefault(slot_of(word, values, levels), set()).add(slot_of(word >> (values * bits), values, levels))
    return dict(sorted(sets.items()))


def attempt(partners, rng):
    """(steps, entry by first half): step n makes entry FIRST_STEP + n the lesser of two entries."""
    sets = {first: set(seconds) for first, seconds in partners.items()}
    counts = {}

    def count(pair, change):
        key = (min(pair), max(pair))
        counts[key] = counts.get(key, 0) + change
        if counts[key] == 0:
            del counts[key]

    for entries in sets.values():
        for pair in itertools.combinations(entries, 2):
            count(pair, 1)
    steps = []
    while counts:
        most = max(counts.values())
        pair = rng.choice(sorted(key for key, value in counts.items() if value == most))
        made = FIRST_STEP + len(steps)
        steps.append(pair)
        for entries in sets.values():
            if not entries.issuperset(pair):
                continue
            for both in itertools.combinations(entries, 2):
                count(both, -1)
            entries.difference_update(pair)
            entries.add(made)
            for both in itertools.combinations(entries, 2):
                count(both, 1)
    return steps, {first: min(entries) for first, entries in sets.items()}


def in_order_of_use(steps, entry_of):
    """The same steps, each just before the first half that wants it: their results live short."""
    numbers = {}
    ordered = []

    def visit(entry):
        if entry < FIRST_STEP:
            return entry
        if entry not in numbers:
            left, right = (visit(operand) for operand in steps[entry - FIRST_STEP])
            numbers[entry] = FIRST_STEP + len(ordered)
            ordered.append((left, right))
        return numbers[entry]

    return ordered, {first: visit(entry) for first, entry in sorted(entry_of.items())}


def print_list(values):
    for start in range(0, len(values), 10):
        print("        " + ", ".join(values[start:start + 10]) + ",")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        source = file.read()
    print("// Written by scripts/make_grid_minima.py: do not edit.")
    for name, (values, levels) in GRIDS.items():
        body = re.search(rf"k{name}Packed = {{(.*?)}};", source, re.S).group(1)
        partners = partners_of([int(word, 16) for word in re.findall(r"0x[0-9a-f]+", body)], values, levels)
        attempts = (attempt(partners, random.Random(seed)) for seed in range(ATTEMPTS))
        steps, entry_of = in_order_of_use(*min(attempts, key=lambda found: len(found[0])))
        print(f"constexpr GridMinima<{len(steps)}> k{name}Minima = {{")
        print("    {")
        print_list([f"{{{left}, {right}}}" for left, right in steps])
        print("    },")
        print("    {")
        print_list([str(entry_of.get(first, "kNoEntry")) for first in range(FIRST_STEP)])
        print("    }};")


main()
