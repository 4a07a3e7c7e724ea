// The model, the verdict in one sentence, and the few facts people look for first.
import { bits, bytes, count, enumerate, error, fixed, percent } from "./format";
import type { Ladder } from "./ladder";
import { verdict } from "./verdict";

interface Fact {
  label: string;
  value: string;
  detail: string;
  tone?: "good" | "bad";
}

function modelFact({ model }: Ladder): Fact {
  const routed = model.routedShare ? `, ${percent(model.routedShare, 0)} % in routed experts` : "";
  return {
    label: "Model",
    value: model.parameters === null ? "size unknown" : `${count(model.parameters)} weights`,
    detail: `${model.architecture || "unknown architecture"}, ${bytes(model.bytes)}${routed}`,
  };
}

/** Without a panel the text is all there is. */
function perplexityFact(ladder: Ladder): Fact | null {
  const reference = ladder.rungs.find((rung) => rung.kind === "reference");
  if (ladder.capabilities.length > 0 || reference === undefined || reference.perplexity === null) return null;
  return {
    label: "Perplexity of the reference",
    value: `${fixed(reference.perplexity, 2)} ${error(reference.perplexityError)}`,
    detail: enumerate(ladder.texts.map((each) => each.file)),
  };
}

function soundFact(ladder: Ladder): Fact | null {
  const { smallestSound: sound, model } = ladder;
  if (sound === null) {
    if (ladder.capabilities.length === 0 || ladder.rungs.length < 2) return null;
    return { label: "Smallest sound rung", value: "none", detail: "no rung is sure to hold every capability" };
  }
  if (sound.rung === ladder.reference) {
    return { label: "Smallest sound rung", value: "the reference", detail: "no smaller rung is sure to hold every capability" };
  }
  const factor = model.bytes !== null && sound.bytes ? `, ${(model.bytes / sound.bytes).toFixed(1)} times smaller` : "";
  return {
    label: "Smallest sound rung",
    value: sound.rung,
    detail: `${bytes(sound.bytes)}, ${bits(sound.bits)} bits a weight${factor}`,
    tone: "good",
  };
}

function fallFact({ firstToFall: fall }: Ladder): Fact | null {
  if (fall === null) return null;
  const each = fall.capabilities.map((one) => `${one.capability} keeps ${percent(one.retained, 0)} %`);
  const names = fall.capabilities.map((one) => one.capability);
  return {
    label: "First to fall",
    value: names.length > 3 ? `${names.length} capabilities` : enumerate(names),
    detail: `at ${fall.rung}, ${bits(fall.bits)} bits: ${enumerate(each)}`,
    tone: "bad",
  };
}

function cliffFact({ cliff }: Ladder): Fact | null {
  if (cliff === null) return null;
  return {
    label: "The cliff",
    value: cliff.bits === null ? "found" : `near ${fixed(cliff.bits, 1)} bits`,
    detail: `${percent(cliff.loss, 0)} points of quality go between ${cliff.above} and ${cliff.below}`,
    tone: "bad",
  };
}

function FactCard({ fact }: { fact: Fact }) {
  return (
    <div class={`card ${fact.tone ?? ""}`}>
      <dt>{fact.label}</dt>
      <dd>
        <strong>{fact.value}</strong>
        <span>{fact.detail}</span>
      </dd>
    </div>
  );
}

export function Header({ ladder }: { ladder: Ladder }) {
  const facts = [modelFact(ladder), perplexityFact(ladder), soundFact(ladder), fallFact(ladder), cliffFact(ladder)].filter(
    (fact): fact is Fact => fact !== null,
  );
  return (
    <header>
      <p class="eyebrow">Precision ladder: what each bit costs</p>
      <h1>{ladder.model.name}</h1>
      <p class="verdict">{verdict(ladder)}</p>
      <dl class="cards">
        {facts.map((fact) => (
          <FactCard key={fact.label} fact={fact} />
        ))}
      </dl>
    </header>
  );
}
