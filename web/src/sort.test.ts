import { expect, test } from "vitest";
import { sampleJson } from "./fixture";
import { readLadder } from "./ladder";
import { nextOrder, sorted } from "./sort";

const { rungs } = readLadder(sampleJson());
const names = (list: typeof rungs) => list.map((rung) => rung.name);

test("sorts numbers both ways and keeps what is missing last", () => {
  const kld = (rung: (typeof rungs)[number]) => rung.kld?.mean ?? null;
  const up = names(sorted(rungs, kld, "ascending"));
  const down = names(sorted(rungs, kld, "descending"));
  expect(up[0]).toBe("q8_0");
  expect(down[0]).toBe("naive-q2");
  expect(up.at(-1)).toBe("bf16");
  expect(down.at(-1)).toBe("bf16");
  expect(up.slice(0, -1).reverse()).toEqual(down.slice(0, -1));
});

test("sorts texts, leaves the ladder alone, keeps equals in order", () => {
  const before = names(rungs);
  expect(names(sorted(rungs, (rung) => rung.name, "ascending"))).toEqual([...before].sort((a, b) => a.localeCompare(b)));
  expect(names(sorted(rungs, () => 1, "descending"))).toEqual(before);
  expect(names(rungs)).toEqual(before);
});

test("clicks go up, down, and back", () => {
  const first = nextOrder(null, "bits");
  const second = nextOrder(first, "bits");
  expect(first).toEqual({ key: "bits", direction: "ascending" });
  expect(second).toEqual({ key: "bits", direction: "descending" });
  expect(nextOrder(second, "bits")).toBeNull();
  expect(nextOrder(second, "bytes")).toEqual({ key: "bytes", direction: "ascending" });
});
