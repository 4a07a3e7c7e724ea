import { describe, expect, test } from "vitest";
import { alongLine, bitTicks, decades, linear, linearTicks, logarithmic, placeLabels, type Box } from "./scale";

describe("scales", () => {
  test("linear maps ends and middle, also downwards", () => {
    const y = linear([0, 10], [300, 0]);
    expect([y(0), y(5), y(10)]).toEqual([300, 150, 0]);
  });
  test("an empty domain stays finite", () => {
    expect(linear([3, 3], [0, 100])(3)).toBe(0);
  });
  test("logarithmic gives each doubling the same room", () => {
    const x = logarithmic([2, 16], [0, 300]);
    expect(x(4) - x(2)).toBeCloseTo(100);
    expect(x(16) - x(8)).toBeCloseTo(100);
    expect(Number.isFinite(x(0))).toBe(true);
  });
});

describe("ticks", () => {
  test("round steps that stay inside", () => {
    expect(linearTicks([0.6, 1.001], 6)).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
    expect(linearTicks([0, 1], 6)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks([2, 2], 6)).toEqual([2]);
  });
  test("decades enclose the values", () => {
    expect(decades(0.0003, 0.34)).toEqual([0.0001, 0.001, 0.01, 0.1, 1]);
    expect(decades(0.01, 0.1)).toEqual([0.01, 0.1]);
  });
  test("bit widths inside the domain only", () => {
    expect(bitTicks([2.1, 8.5])).toEqual([3, 4, 5, 6, 8]);
  });
});

describe("labels", () => {
  const frame: Box = { x: 0, y: 0, width: 400, height: 300 };
  const touch = (one: Box, other: Box) =>
    one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;

  test("a lone label stands above its point, without a leader", () => {
    const [label] = placeLabels([{ x: 200, y: 150, width: 40 }], 15, frame);
    expect(label).toMatchObject({ x: 180, leader: false });
    expect(label!.y + label!.height).toBeLessThan(150);
  });

  test("a crowd overlaps neither each other nor the points, and stays inside", () => {
    const anchors = Array.from({ length: 9 }, (_, index) => ({ x: 180 + 5 * index, y: 60, width: 60 }));
    const labels = placeLabels(anchors, 15, frame);
    expect(labels.every((label) => label !== null)).toBe(true);
    const boxes = labels as Box[];
    boxes.forEach((box, index) => {
      expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 400 && box.y + box.height <= 300).toBe(true);
      for (const other of boxes.slice(index + 1)) expect(touch(box, other)).toBe(false);
      for (const anchor of anchors) expect(touch(box, { x: anchor.x, y: anchor.y, width: 1, height: 1 })).toBe(false);
    });
  });

  test("keeps clear of a line where it can, and goes without a label where nothing is free", () => {
    const line = alongLine([{ x: 0, y: 130 }, { x: 400, y: 130 }]);
    const [label] = placeLabels([{ x: 200, y: 150, width: 40 }], 15, frame, line);
    expect(label!.y).toBeGreaterThan(150);
    expect(placeLabels([{ x: 200, y: 150, width: 500 }], 15, frame)).toEqual([null]);
  });
});
