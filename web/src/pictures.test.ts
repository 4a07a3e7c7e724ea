import { describe, expect, it } from "vitest";
import { barsOf, bitsClass } from "./blocks";
import { sampleJson } from "./fixture";
import { readLadder } from "./ladder";
import { readAdvice, readCliffFit, readCollapse, readModels } from "./ladder_findings";
import { readLogHistogram, readParts, readWeights } from "./ladder_parts";
import { readKv } from "./kv_data";
import { frontier } from "./pareto";
import type { Point } from "./plot";
import { groupError } from "./weights";

const point = (name: string, at: number, value: number): Point => ({
  name,
  kind: "type",
  at,
  value,
  low: null,
  high: null,
  spoken: name,
});

describe("the frontier", () => {
  it("keeps what no smaller or equal file beats", () => {
    const points = [point("big", 10, 0.9), point("worse", 9, 0.7), point("small", 5, 0.8), point("equal", 12, 0.9)];
    expect(frontier(points).map((each) => each.name)).toEqual(["small", "big"]);
  });
});

describe("parts of the model", () => {
  it("have bits from bytes and weights, and nothing without either", () => {
    const parts = readParts([{ part: "a", weights: 8, bytes: 2 }, { part: "b", bytes: 3 }, null, { weights: 0, bytes: 1 }]);
    expect(parts).toEqual([{ name: "a", weights: 8, bytes: 2, bits: 2 }]);
  });
  it("are classed by bits", () => {
    expect([2.06, 2.63, 3.44, 4.5, 6.56, 8.5, 16].map(bitsClass)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
  it("are drawn for the recipes where they are, else for the smallest", () => {
    const layout = [{ part: "a", weights: 8, bytes: 2 }];
    const rung = (name: string, bytes: number) => ({ name, kind: "type", bytes, layout });
    const bars = (rungs: unknown[]) => barsOf(readLadder({ rungs })).map((bar) => bar.name);
    expect(bars([rung("naive-q2", 1), rung("q4_k", 2), rung("asymmetric", 3)])).toEqual(["naive-q2", "asymmetric"]);
    expect(bars([rung("q8_0", 4), rung("q4_k", 2), rung("q6_k", 3), rung("q2_k", 1)])).toEqual(["q2_k", "q4_k", "q6_k"]);
  });
});

describe("histograms and weights", () => {
  it("have edges by decades", () => {
    const histogram = readLogHistogram({ lowest: 1e-2, per_decade: 2, counts: [1, 2, 3, 4] })!;
    expect(histogram.edges[2]).toBeCloseTo(0.1, 12);
    expect(histogram.edges[4]).toBeCloseTo(1, 12);
  });
  it("are absent where the numbers make none", () => {
    for (const value of [null, {}, { lowest: 0, per_decade: 4, counts: [1] }, { lowest: 1, per_decade: 4, counts: "x" }])
      expect(readLogHistogram(value)).toBeNull();
    for (const value of [3, {}, { rms: 1, histogram: { low: 1, high: 1, counts: [1] } }]) expect(readWeights(value)).toBeNull();
  });
  it("tell the error of a group", () => {
    expect(groupError([3, 4], [3, 4])).toBe(0);
    expect(groupError([3, 4], [0, 0])).toBe(1);
    expect(groupError([3], [])).toBeNull();
  });
  it("are in the sample", () => {
    const ladder = readLadder(sampleJson());
    expect(ladder.weights?.group.length).toBe(32);
    expect(ladder.rungs.find((rung) => rung.name === "q4_k")?.kld?.histogram?.counts.length).toBe(40);
  });
});

describe("findings", () => {
  it("survive anything", () => {
    for (const value of [null, 3, "x", [], {}, [null], [{}]]) {
      expect(readCollapse(value)).toEqual([]);
      expect(readCliffFit(value)).toBeNull();
      expect(readAdvice(value)).toBeNull();
      expect(readModels(value)).toBeNull();
    }
  });
  it("read a collapse", () => {
    const place = { rung: "q2_k", bits_per_weight: 2.6, retained: 0.5 };
    const [row] = readCollapse([{ capability: "math", degraded: place, half: null, gone: { rung: "x" }, holds_below: ["y"] }]);
    expect(row).toEqual({
      capability: "math",
      degraded: { rung: "q2_k", bits: 2.6, retained: 0.5 },
      half: null,
      gone: null,
      holdsBelow: ["y"],
    });
  });
  it("read a KV ladder, and nothing from anything else", () => {
    for (const value of [null, 3, {}, { types: [{}] }, { types: [{ name: "q8_0", kld: [{ context: 0, mean: 1 }] }] }])
      expect(readKv(value)).toBeNull();
    const kv = readKv({ types: [{ name: "q4_0", research: true, kld: [{ context: 64, mean: 0.1 }, { context: 128, mean: 0 }] }] })!;
    expect(kv.contexts).toEqual([64]);
    expect(kv.types[0]!.research).toBe(true);
  });
  it("read the models of a chart", () => {
    const models = readModels({ points: [{ model: "a", rung: "q4_k", bytes: 5, score: 0.5, fits: false }, { model: "b" }] })!;
    expect(models.names).toEqual(["a"]);
    expect(models.points[0]!.fits).toBe(false);
  });
});
