import { expect, test } from "vitest";
import { sampleJson } from "./fixture";
import { bin } from "./heat_map";
import { qualityKept, readLadder } from "./ladder";

test("reads the sample whole", () => {
  const ladder = readLadder(sampleJson());
  expect(ladder.rungs).toHaveLength(12);
  expect(ladder.capabilities).toEqual(["code", "facts", "math", "reasoning", "recall", "schema", "tools"]);
  expect(ladder.rungs[0]).toMatchObject({ name: "bf16", kind: "reference", kld: null, sameTop: null });
  expect(ladder.rungs.every((rung) => rung.bits !== null && rung.perplexity !== null && rung.panel.size === 7)).toBe(true);
  expect(ladder.cliff?.loss).not.toBeNull();
  expect(ladder.collapse).toHaveLength(7);
  expect(ladder.advice?.rungs).toHaveLength(12);
  expect(ladder.noise).toBeGreaterThan(0);
  expect(ladder.rungs.every((rung) => rung.layout.length > 5)).toBe(true);
});

test.each([null, [], 3, "x", {}, { rungs: {} }, { rungs: [null, 1, { kld: [] }], model: [], findings: { cliff: 1 } }])(
  "any JSON is a ladder: %j",
  (value) => {
    const ladder = readLadder(value);
    expect(ladder.capabilities).toEqual([]);
    expect([ladder.cliff, ladder.firstToFall, ladder.smallestSound]).toEqual([null, null, null]);
    for (const rung of ladder.rungs) expect(qualityKept(rung)).toBeNull();
  },
);

test("the mean of retained shares, its interval, and the worst", () => {
  const panel = {
    a: { retained: 1, retained_low: 0.97, retained_high: 1.03 },
    b: { retained: 0.5, retained_low: 0.46, retained_high: 0.54 },
    c: { score: 0 },
  };
  const kept = qualityKept(readLadder({ rungs: [{ name: "q", panel }] }).rungs[0]!)!;
  expect(kept.mean).toBeCloseTo(0.75);
  expect(kept.low).toBeCloseTo(0.725); // half-widths 0.03 and 0.04 give 0.05, over two capabilities
  expect(kept.high).toBeCloseTo(0.775);
  expect(kept.worst).toEqual({ capability: "b", retained: 0.5 });
});

test("a colour bin never contradicts the rounded number in its cell", () => {
  expect([1.02, 0.99, 0.985, 0.984, 0.965, 0.93, 0.85, 0.7, 0.45, 0.44, 0, -1].map(bin)).toEqual([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 6, 6]);
});
