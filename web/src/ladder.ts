// The page's view of ladder.json (docs/ladder-json.md). read_ladder accepts any JSON value: what is missing or of the wrong
// type becomes null or an empty list, so that every part of the page has one kind of absence to handle.

import { list, number, object, text } from "./json";
import { readKv, type KvLadder } from "./kv_data";
import { readPlan, type Plan } from "./plan";
import {
  readAdvice,
  readCliffFit,
  readCollapse,
  readModels,
  type Advice,
  type CliffFit,
  type Collapse,
  type Models,
} from "./ladder_findings";
import { readLogHistogram, readParts, readWeights, type Histogram, type Part, type WeightPicture } from "./ladder_parts";

export interface Kld {
  mean: number;
  meanError: number | null;
  median: number | null;
  p99: number | null;
  p999: number | null;
  max: number | null;
  histogram: Histogram | null;
}

export interface Score {
  items: number | null;
  right: number | null;
  score: number | null;
  low: number | null;
  high: number | null;
  retained: number | null;
  retainedLow: number | null;
  retainedHigh: number | null;
  lost: number | null;
  gained: number | null;
  pValue: number | null;
  verdict: Verdict;
}

export type Verdict = "holds" | "degraded" | "unclear" | "unknown";
export type Kind = "reference" | "type" | "recipe";

export interface Rung {
  name: string;
  kind: Kind;
  description: string;
  bytes: number | null;
  writable: boolean;
  bits: number | null;
  calibration: string;
  perplexity: number | null;
  perplexityError: number | null;
  kld: Kld | null;
  sameTop: number | null;
  sameTopError: number | null;
  tokens: number | null;
  panel: Map<string, Score>;
  /** Where the bytes are. */
  layout: Part[];
}

export interface Fall {
  rung: string;
  bits: number | null;
  capabilities: { capability: string; retained: number | null }[];
}

export interface Cliff {
  above: string;
  below: string;
  bits: number | null;
  loss: number | null;
}

export interface Sound {
  rung: string;
  bytes: number | null;
  bits: number | null;
}

export interface Ladder {
  program: string;
  command: string;
  model: {
    name: string;
    file: string;
    architecture: string;
    parameters: number | null;
    routedShare: number | null;
    bytes: number | null;
    hash: string;
  };
  context: number | null;
  texts: { file: string; hash: string; tokens: number | null; chunks: number | null }[];
  panel: { capability: string; items: number | null; of: number | null }[];
  imatrix: { file: string; datasets: string[]; chunks: number | null } | null;
  reference: string;
  notes: string[];
  rungs: Rung[];
  capabilities: string[];
  firstToFall: Fall | null;
  cliff: Cliff | null;
  smallestSound: Sound | null;
  weights: WeightPicture | null;
  collapse: Collapse[];
  cliffFit: CliffFit | null;
  /** Mean KL divergence of the reference from itself. */
  noise: number | null;
  advice: Advice | null;
  models: Models | null;
  kv: KvLadder | null;
  plan: Plan | null;
}

function readVerdict(value: unknown): Verdict {
  if (value === "holds" || value === "degraded") return value;
  return value === "too few items to tell" ? "unclear" : "unknown";
}

/** Where the items set no upper limit the document says 100. */
const limit = (value: unknown): number | null => {
  const read = number(value);
  return read !== null && read < 100 ? read : null;
};

function readScore(value: unknown): Score {
  const from = object(value);
  return {
    items: number(from.items),
    right: number(from.right),
    score: number(from.score),
    low: number(from.low),
    high: number(from.high),
    retained: number(from.retained),
    retainedLow: number(from.retained_low),
    retainedHigh: limit(from.retained_high),
    lost: number(from.lost),
    gained: number(from.gained),
    pValue: number(from.p_value),
    verdict: readVerdict(from.verdict),
  };
}

function readKld(value: unknown): Kld | null {
  const from = object(value);
  const mean = number(from.mean);
  if (mean === null) return null;
  return {
    mean,
    meanError: number(from.mean_error),
    median: number(from.median),
    p99: number(from.p99),
    p999: number(from.p99_9),
    max: number(from.max),
    histogram: readLogHistogram(from.histogram),
  };
}

function readRung(value: unknown): Rung {
  const from = object(value);
  const kind = from.kind === "reference" || from.kind === "recipe" ? from.kind : "type";
  return {
    name: text(from.name) || "unnamed",
    kind,
    description: text(from.description),
    bytes: number(from.bytes),
    writable: from.writable !== false,
    bits: number(from.bits_per_weight),
    calibration: text(from.calibration),
    perplexity: number(from.perplexity),
    perplexityError: number(from.perplexity_error),
    kld: readKld(from.kld),
    sameTop: number(from.same_top),
    sameTopError: number(from.same_top_error),
    tokens: number(from.tokens),
    panel: new Map(Object.entries(object(from.panel)).map(([name, score]) => [name, readScore(score)])),
    layout: readParts(from.layout),
  };
}

function readFall(value: unknown): Fall | null {
  const from = object(value);
  const capabilities = list(from.capabilities)
    .map(object)
    .map((each) => ({ capability: text(each.capability), retained: number(each.retained) }))
    .filter((each) => each.capability !== "");
  const rung = text(from.rung);
  return rung === "" || capabilities.length === 0 ? null : { rung, bits: number(from.bits_per_weight), capabilities };
}

function readCliff(value: unknown): Cliff | null {
  const from = object(value);
  const above = text(from.above);
  const below = text(from.below);
  if (above === "" || below === "") return null;
  return { above, below, bits: number(from.bits_per_weight), loss: number(from.loss) };
}

function readSound(value: unknown): Sound | null {
  const from = object(value);
  const rung = text(from.rung);
  return rung === "" ? null : { rung, bytes: number(from.bytes), bits: number(from.bits_per_weight) };
}

function readImatrix(value: unknown): Ladder["imatrix"] {
  const from = object(value);
  const file = text(from.file);
  if (file === "") return null;
  return { file, datasets: list(from.datasets).map(text), chunks: number(from.chunks) };
}

/** The capabilities in the order of settings.panel, then any that only a rung names. */
function capabilityNames(panel: { capability: string }[], rungs: Rung[]): string[] {
  const names = new Set(panel.map((each) => each.capability));
  for (const rung of rungs) for (const name of rung.panel.keys()) names.add(name);
  return [...names].filter((name) => rungs.some((rung) => rung.panel.has(name)));
}

export function readLadder(value: unknown): Ladder {
  const from = object(value);
  const model = object(from.model);
  const settings = object(from.settings);
  const findings = object(from.findings);
  const rungs = list(from.rungs).map(readRung);
  const panel = list(settings.panel)
    .map(object)
    .map((each) => ({ capability: text(each.capability), items: number(each.items), of: number(each.of) }));
  return {
    program: text(from.program),
    command: text(from.command),
    model: {
      name: text(model.name) || text(model.file) || "Unnamed model",
      file: text(model.file),
      architecture: text(model.architecture),
      parameters: number(model.parameters),
      routedShare: number(model.routed_share),
      bytes: number(model.bytes),
      hash: text(model.hash),
    },
    context: number(settings.context),
    texts: list(settings.texts)
      .map(object)
      .map((each) => ({
        file: text(each.file),
        hash: text(each.hash),
        tokens: number(each.tokens),
        chunks: number(each.chunks),
      })),
    panel,
    imatrix: readImatrix(settings.imatrix),
    reference: text(from.reference),
    notes: list(from.notes).map(text).filter((note) => note !== ""),
    rungs,
    capabilities: capabilityNames(panel, rungs),
    firstToFall: readFall(findings.first_to_fall),
    cliff: readCliff(findings.cliff),
    smallestSound: readSound(findings.smallest_sound),
    weights: readWeights(from.weights),
    collapse: readCollapse(findings.collapse),
    cliffFit: readCliffFit(findings.cliff_fit),
    noise: number(object(object(from.noise).kld).mean),
    advice: readAdvice(from.advice),
    models: readModels(from.models),
    kv: readKv(from.kv),
    plan: readPlan(from.plan),
  };
}

export interface Kept {
  mean: number;
  low: number;
  high: number;
  worst: { capability: string; retained: number };
}

/**
 * Quality kept: the mean over capabilities of the retained share. The capabilities share no items, so the half-widths of
 * their intervals add as squares. Null without a panel.
 */
export function qualityKept(rung: Rung): Kept | null {
  const scores = [...rung.panel].flatMap(([capability, score]) =>
    score.retained === null ? [] : [{ ...score, capability, retained: score.retained }],
  );
  if (scores.length === 0) return null;
  let sum = 0;
  let below = 0;
  let above = 0;
  let worst = scores[0]!;
  for (const score of scores) {
    sum += score.retained;
    below += (score.retained - (score.retainedLow ?? score.retained)) ** 2;
    above += ((score.retainedHigh ?? score.retained) - score.retained) ** 2;
    if (score.retained < worst.retained) worst = score;
  }
  const mean = sum / scores.length;
  return {
    mean,
    low: mean - Math.sqrt(below) / scores.length,
    high: mean + Math.sqrt(above) / scores.length,
    worst: { capability: worst.capability, retained: worst.retained },
  };
}
