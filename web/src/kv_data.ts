// The KV ladder of docs/kv.md: divergence by length of context for each type of cache. Like ladder.ts: what is missing or
// of the wrong type is null or empty.
import { list, number, object, text } from "./json";

export interface KvPoint {
  context: number;
  mean: number;
}

export interface KvType {
  name: string;
  research: boolean;
  bitsPerValue: number | null;
  points: KvPoint[];
}

export interface KvLadder {
  types: KvType[];
  noise: KvPoint[];
  contexts: number[];
}

/** A divergence of zero or below (rounding) has no place on a logarithmic axis. */
const readPoints = (value: unknown): KvPoint[] =>
  list(value)
    .map(object)
    .flatMap((from) => {
      const [context, mean] = [number(from.context), number(from.mean)];
      return context === null || mean === null || !(context > 0) || !(mean > 0) ? [] : [{ context, mean }];
    });

export function readKv(value: unknown): KvLadder | null {
  const from = object(value);
  const types = list(from.types)
    .map(object)
    .map((each) => ({
      name: text(each.name),
      research: each.research === true,
      bitsPerValue: number(each.bits_per_value),
      points: readPoints(each.kld),
    }))
    .filter((each) => each.name !== "" && each.points.length > 0);
  if (types.length === 0) return null;
  const contexts = [...new Set(types.flatMap((each) => each.points.map((point) => point.context)))].sort((a, b) => a - b);
  return { types, noise: readPoints(object(from.noise).kld), contexts };
}
