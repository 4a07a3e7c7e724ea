// Ladders for the unit tests: the sample, and small ones made from a few words.
import sample from "../sample/ladder.json";
import { readLadder, type Ladder } from "./ladder";

export const sampleJson = (): unknown => structuredClone(sample);

export interface Change {
  names?: string[];
  fall?: { rung: string; bits: number; capabilities: string[] } | null;
  sound?: { rung: string; bits: number } | null;
  panel?: boolean;
}

/** A ladder of rungs named by `names` (first the reference), with given findings and a panel of three capabilities. */
export function smallLadder({ names = ["bf16", "q4", "q2"], fall = null, sound = null, panel = true }: Change): Ladder {
  const score = { retained: 1, verdict: "holds" };
  return readLadder({
    reference: names[0],
    rungs: names.map((name, index) => ({
      name,
      kind: index === 0 ? "reference" : "type",
      bits_per_weight: 16 / (index + 1),
      kld: index === 0 ? null : { mean: 0.01 * index },
      same_top: index === 0 ? null : 1 - 0.05 * index,
      panel: panel ? { math: score, code: score, tools: score } : undefined,
    })),
    findings: {
      first_to_fall: fall && {
        rung: fall.rung,
        bits_per_weight: fall.bits,
        capabilities: fall.capabilities.map((capability) => ({ capability, retained: 0.5 })),
      },
      smallest_sound: sound && { rung: sound.rung, bytes: 1e6, bits_per_weight: sound.bits },
    },
  });
}
