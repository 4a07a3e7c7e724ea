// Sorting of the full table.
import type { Rung } from "./ladder";

export type Direction = "ascending" | "descending";

export interface Order {
  key: string;
  direction: Direction;
}

export type Value = number | string | null;

/** A copy in the given order. Missing values go last in both directions; equal ones keep their order. */
export function sorted(rungs: Rung[], value: (rung: Rung) => Value, direction: Direction): Rung[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...rungs].sort((one, other) => {
    const left = value(one);
    const right = value(other);
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === "string" || typeof right === "string") return sign * String(left).localeCompare(String(right));
    return sign * (left - right);
  });
}

/** A first click sorts upwards, a second turns it round, a third goes back to the ladder's own order. */
export function nextOrder(now: Order | null, key: string): Order | null {
  if (now === null || now.key !== key) return { key, direction: "ascending" };
  return now.direction === "ascending" ? { key, direction: "descending" } : null;
}
