import { expect, test } from "vitest";
import { bytes, count, enumerate, error, kld, percent, shorten } from "./format";

test("bytes in decimal units, three digits", () => {
  expect([0, 999, 41742016, 999_600_000, 154e9].map(bytes)).toEqual(["0 B", "999 B", "41.7 MB", "1.0 GB", "154 GB"]);
});

test("divergences keep three digits over five orders of magnitude", () => {
  expect([2.726, 0.341931, 0.013277, 0.000308, 3e-7, 0].map(kld)).toEqual(["2.73", "0.342", "0.0133", "0.000308", "3.0e-7", "0"]);
});

test("errors, shares, counts", () => {
  expect(error(0.000015)).toBe("\u00b1\u202f0.000015");
  expect(error(2.145)).toBe("\u00b1\u202f2.1");
  expect(error(0)).toBe("\u00b1\u202f0");
  expect([0.925, 1, 0.9964].map((share) => percent(share))).toEqual(["92.5", "100", "99.6"]);
  expect([20775040, 671e9, 1.04e12].map(count)).toEqual(["20.8 million", "671.0 billion", "1.0 trillion"]);
});

test("what is missing is a dash or nothing", () => {
  expect([bytes(null), kld(null), percent(null), count(null), error(null)]).toEqual(["\u2013", "\u2013", "\u2013", "\u2013", ""]);
});

test("words", () => {
  expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(enumerate)).toEqual(["", "a", "a and b", "a, b and c"]);
  expect(shorten("llama.cpp/Q4_K_M", 40)).toBe("llama.cpp/Q4_K_M");
  expect(shorten("a-very-long-name-q4", 9)).toBe("a-ve\u2026e-q4");
  expect(shorten("a-very-long-name-q4", 9)).toHaveLength(9);
});
