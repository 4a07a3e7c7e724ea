// How to read the page, and how the numbers were made.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { bytes, count, enumerate } from "./format";
import type { Ladder } from "./ladder";

export function Reading({ ladder }: { ladder: Ladder }) {
  const panel = ladder.capabilities.length > 0;
  return (
    <section aria-labelledby="reading">
      <h2 id="reading">How to read this</h2>
      <dl class="reading">
        {panel && (
          <div>
            <dt>Quality kept</dt>
            <dd>
              Each rung answers the same questions as the reference. 95 % means that it scores 95 % of what the reference scores, on
              average over the capabilities. An average hides: look at the map below the curve for the ability you need.
            </dd>
          </div>
        )}
        <div>
          <dt>KL divergence</dt>
          <dd>
            How much the probabilities of the next token moved. It sees damage long before answers change, so it finds the cliff; near
            the top of the ladder it does not predict scores.
          </dd>
        </div>
        <div>
          <dt>99.9 % and same top</dt>
          <dd>
            The KL divergence that one token in a thousand exceeds, and how often the most likely token is still the same. Long answers
            break at their worst token, not at the average one.
          </dd>
        </div>
        {panel && (
          <div>
            <dt>Holds, degraded, too few items</dt>
            <dd>
              Degraded: the losses are more than chance explains. Holds: any loss is small for certain. Between the two, the panel has
              too few items to tell, which is no proof of health.
            </dd>
          </div>
        )}
        <div>
          <dt>Type and recipe</dt>
          <dd>
            A type stores every matrix in one format; a recipe mixes formats. Compare them at equal bits: a diamond above the line is
            better than plain types of its size.
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Command({ command }: { command: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <div class="command">
      <pre tabindex={0} aria-label="Command line">
        <code>{command}</code>
      </pre>
      {typeof navigator !== "undefined" && navigator.clipboard && (
        <button type="button" onClick={copy}>
          <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
        </button>
      )}
    </div>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const hash = (value: string) => value && <code class="hash">{value}</code>;

function tokensOf(ladder: Ladder): string {
  const tokens = ladder.rungs.find((rung) => rung.tokens !== null)?.tokens ?? null;
  return tokens === null ? "" : ` ${tokens.toLocaleString("en-US")} tokens are scored.`;
}

function panelText(ladder: Ladder): string {
  const each = ladder.panel.map(({ capability, items, of }) => {
    const sample = items !== null && of !== null && items < of ? ` of ${of}` : "";
    return `${capability} ${items ?? "?"}${sample}`;
  });
  return `${enumerate(each)} items; answers are generated greedily and graded by rule.`;
}

export function Method({ ladder }: { ladder: Ladder }) {
  const { model, imatrix, context } = ladder;
  const unwritable = ladder.rungs.filter((rung) => !rung.writable).map((rung) => rung.name);
  return (
    <section aria-labelledby="method">
      <h2 id="method">How it was measured</h2>
      {ladder.notes.length > 0 && (
        <ul class="notes">
          {ladder.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <dl class="method">
        <Row name="Model">
          {model.file || model.name}, {model.architecture || "unknown architecture"}, {count(model.parameters)} weights,{" "}
          {bytes(model.bytes)} {hash(model.hash)}
        </Row>
        {ladder.texts.map((each) => (
          <Row key={each.file + each.hash} name="Text">
            {each.file}, {count(each.tokens)} tokens in {count(each.chunks)} chunks {hash(each.hash)}
          </Row>
        ))}
        <Row name="Perplexity and KL">
          {context === null ? "Chunks" : `Chunks of ${context} tokens`}, the second half of each scored, as llama.cpp does; both models
          read the same tokens.{tokensOf(ladder)} The spread shown is the standard error.
        </Row>
        {ladder.panel.length > 0 && <Row name="Panel">{panelText(ladder)}</Row>}
        {ladder.capabilities.length > 0 && (
          <Row name="Statistics">
            Scores: Wilson 95 % interval. Retained share: what is left above chance on the same items, with its paired 95 % score
            interval. Verdicts: exact McNemar test over the looks taken, two-sided, Holm-corrected over all rungs and capabilities, and
            above the noise of the reference against itself. A rung stops being asked once its verdict is certain. The interval of the
            mean adds the capabilities' half-widths as squares.
          </Row>
        )}
        <Row name="Importance matrix">
          {imatrix === null
            ? "none"
            : `${imatrix.file}${imatrix.datasets.length > 0 ? `, from ${enumerate(imatrix.datasets)}` : ""}${
                imatrix.chunks === null ? "" : `, ${imatrix.chunks} chunks`
              }`}
        </Row>
        {unwritable.length > 0 && <Row name="Not writable">{enumerate(unwritable)}: GGUF has no id for it.</Row>}
      </dl>
      {ladder.command && (
        <>
          <h3>Repeat it</h3>
          <Command command={ladder.command} />
        </>
      )}
    </section>
  );
}
