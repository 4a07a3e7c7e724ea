// The parts of ladder.json behind the pictures of a model's insides: where the bytes are, how divergence is spread, what
// formats make of weights. Like ladder.ts: what is missing or of the wrong type is null or empty.
import { list, number, object, text } from "./json";

export interface Part {
  name: string;
  weights: number;
  bytes: number;
  /** Bits per weight. */
  bits: number;
}

export interface Histogram {
  /** Bin edges, one more than counts. */
  edges: number[];
  counts: number[];
}

export interface FormatLevels {
  format: string;
  decoded: number[];
  levels: number[];
  levelCount: number;
}

export interface WeightPicture {
  tensor: string;
  rms: number;
  histogram: Histogram;
  group: number[];
  formats: FormatLevels[];
}

const numbers = (value: unknown): number[] => list(value).map(number).filter((each) => each !== null);

export function readParts(value: unknown): Part[] {
  return list(value)
    .map(object)
    .flatMap((from) => {
      const [weights, bytes] = [number(from.weights), number(from.bytes)];
      if (weights === null || bytes === null || !(weights > 0) || !(bytes > 0)) return [];
      return [{ name: text(from.part) || "other", weights, bytes, bits: (8 * bytes) / weights }];
    });
}

/** Bins of equal width in the logarithm. */
export function readLogHistogram(value: unknown): Histogram | null {
  const from = object(value);
  const [lowest, perDecade] = [number(from.lowest), number(from.per_decade)];
  const counts = numbers(from.counts);
  if (lowest === null || perDecade === null || !(lowest > 0) || !(perDecade > 0) || counts.length === 0) return null;
  return { counts, edges: Array.from({ length: counts.length + 1 }, (_, bin) => lowest * 10 ** (bin / perDecade)) };
}

function readHistogram(value: unknown): Histogram | null {
  const from = object(value);
  const [low, high] = [number(from.low), number(from.high)];
  const counts = numbers(from.counts);
  if (low === null || high === null || !(high > low) || counts.length === 0) return null;
  const step = (high - low) / counts.length;
  return { counts, edges: Array.from({ length: counts.length + 1 }, (_, bin) => low + bin * step) };
}

export function readWeights(value: unknown): WeightPicture | null {
  const from = object(value);
  const histogram = readHistogram(from.histogram);
  const rms = number(from.rms);
  if (histogram === null || rms === null || !(rms > 0)) return null;
  const formats = list(from.formats)
    .map(object)
    .map((each) => ({
      format: text(each.format),
      decoded: numbers(each.decoded),
      levels: numbers(each.levels),
      levelCount: number(each.level_count) ?? 0,
    }))
    .filter((each) => each.format !== "");
  return { tensor: text(from.tensor), rms, histogram, group: numbers(from.group), formats };
}
