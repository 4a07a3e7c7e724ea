// What a ladder found beyond its numbers: the order of collapse, the break of the curve, noise, advice, other models. Like
// ladder.ts: what is missing or of the wrong type is null or empty.
import { list, number, object, text } from "./json";

export interface Place {
  rung: string;
  bits: number;
  retained: number | null;
}

export interface Collapse {
  capability: string;
  degraded: Place | null;
  half: Place | null;
  gone: Place | null;
  holdsBelow: string[];
}

export interface CliffFit {
  bits: number;
  low: number;
  high: number;
  factorBelow: number | null;
  factorAbove: number | null;
}

export interface AdviceRung {
  rung: string;
  character: string;
  gbPerBillion: number | null;
  kept: number | null;
  low: number | null;
  high: number | null;
  when: string;
}

export interface Folklore {
  rule: string;
  rung: string;
  kept: number | null;
  low: number | null;
  high: number | null;
  finding: string;
}

export interface Advice {
  rungs: AdviceRung[];
  folklore: Folklore[];
  twoBits: string;
  nextSteps: string[];
}

export interface ModelPoint {
  model: string;
  rung: string;
  bytes: number;
  score: number;
  fits: boolean;
}

export interface Models {
  memory: number | null;
  names: string[];
  points: ModelPoint[];
  best: { capability: string; best: string; smallest: string }[];
}

function readPlace(value: unknown): Place | null {
  const from = object(value);
  const bits = number(from.bits_per_weight);
  const rung = text(from.rung);
  return rung === "" || bits === null || !(bits > 0) ? null : { rung, bits, retained: number(from.retained) };
}

export function readCollapse(value: unknown): Collapse[] {
  return list(value)
    .map(object)
    .map((from) => ({
      capability: text(from.capability),
      degraded: readPlace(from.degraded),
      half: readPlace(from.half),
      gone: readPlace(from.gone),
      holdsBelow: list(from.holds_below).map(text).filter((name) => name !== ""),
    }))
    .filter((each) => each.capability !== "");
}

export function readCliffFit(value: unknown): CliffFit | null {
  const from = object(value);
  const [bits, low, high] = [number(from.bits_per_weight), number(from.low), number(from.high)];
  if (from.found !== true || bits === null || low === null || high === null || !(low > 0) || high < low) return null;
  return { bits, low, high, factorBelow: number(from.factor_below), factorAbove: number(from.factor_above) };
}

export function readAdvice(value: unknown): Advice | null {
  const from = object(value);
  const kept = (each: Record<string, unknown>) => ({
    kept: number(each.kept),
    low: number(each.kept_low),
    high: number(each.kept_high),
  });
  const rungs = list(from.rungs)
    .map(object)
    .map((each) => ({
      rung: text(each.rung),
      character: text(each.character),
      gbPerBillion: number(each.gb_per_billion_weights),
      when: text(each.when),
      ...kept(each),
    }))
    .filter((each) => each.rung !== "");
  if (rungs.length === 0) return null;
  const folklore = list(from.folklore)
    .map(object)
    .map((each) => ({ rule: text(each.rule), rung: text(each.rung), finding: text(each.finding), ...kept(each) }))
    .filter((each) => each.rule !== "");
  const nextSteps = list(from.next_steps).map((each) => text(object(each).text)).filter((each) => each !== "");
  return { rungs, folklore, twoBits: text(object(from.two_bits).text), nextSteps };
}

export function readModels(value: unknown): Models | null {
  const from = object(value);
  const points = list(from.points)
    .map(object)
    .flatMap((each) => {
      const [bytes, score] = [number(each.bytes), number(each.score)];
      if (bytes === null || score === null || !(bytes > 0)) return [];
      return [{ model: text(each.model), rung: text(each.rung), bytes, score, fits: each.fits !== false }];
    });
  if (points.length === 0) return null;
  const name = (place: unknown) => [object(place).model, object(place).rung].map(text).filter((part) => part !== "").join(" ");
  const best = list(from.best)
    .map(object)
    .map((each) => ({ capability: text(each.capability), best: name(each.best), smallest: name(each.smallest_as_good) }))
    .filter((each) => each.capability !== "" && each.best !== "");
  return { memory: number(from.memory), names: [...new Set(points.map((each) => each.model))], points, best };
}
