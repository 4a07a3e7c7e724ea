// The one sentence under the model's name, in plain words, from the findings.
import { enumerate, fixed, kld, percent } from "./format";
import type { Ladder, Rung } from "./ladder";

const at = (rung: string, value: number | null): string =>
  value === null ? rung : `${rung} (${fixed(value, 1)} bits a weight)`;

/** Words for "a fell first": one capability, several, or all of them. */
function fallen(ladder: Ladder): string {
  const names = ladder.firstToFall!.capabilities.map((each) => each.capability);
  if (names.length > 1 && names.length === ladder.capabilities.length) return "all capabilities break together";
  return `${enumerate(names)} ${names.length === 1 ? "breaks" : "break"} first`;
}

function smallestMeasured(ladder: Ladder): Rung | null {
  const measured = ladder.rungs.filter((rung) => rung.kld !== null && rung.bits !== null);
  return measured.reduce<Rung | null>((least, rung) => (least === null || rung.bits! < least.bits! ? rung : least), null);
}

function withoutPanel(ladder: Ladder): string {
  const least = smallestMeasured(ladder);
  if (least === null) return "Only the reference was measured, so there is nothing to compare yet.";
  const same = least.sameTop === null ? "" : ` and ${percent(least.sameTop)} % of the most likely tokens stay the same`;
  return `No capability was tested. On text alone, at ${at(least.name, least.bits)} the KL divergence is ${kld(least.kld!.mean)}${same}.`;
}

export function verdict(ladder: Ladder): string {
  const { firstToFall: fall, smallestSound: sound } = ladder;
  if (ladder.rungs.length === 0) return "This ladder has no rungs.";
  if (ladder.capabilities.length === 0) return withoutPanel(ladder);
  if (ladder.rungs.length === 1) return "Only the reference was measured, so there is nothing to compare yet.";
  if (fall === null && sound === null) return "No capability is proven damaged, but the panel has too few items to tell.";
  if (fall === null) return `No rung damages any capability; the smallest sure to hold them all is ${at(sound!.rung, sound!.bits)}.`;
  const breaks = `${fallen(ladder)}, at ${at(fall.rung, fall.bits)}`;
  if (sound === null || sound.rung === ladder.reference) {
    return `No smaller rung is sure to hold every capability; ${breaks}.`;
  }
  if (sound.bits !== null && fall.bits !== null && sound.bits < fall.bits) {
    return `Every capability holds on ${at(sound.rung, sound.bits)}, although ${breaks}.`;
  }
  return `Down to ${at(sound.rung, sound.bits)} every capability holds; ${breaks}.`;
}
