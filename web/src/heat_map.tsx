// Capabilities by rungs: which ability is left at which width. A table, so that it reads without colours too.
import { bits, percent } from "./format";
import { qualityKept, type Fall, type Ladder, type Rung, type Score } from "./ladder";

/** Bins of the retained share; the classes heat-0 (whole) to heat-6 (gone) have hand-picked colours in style.css. */
export const bins: { from: number; text: string }[] = [
  { from: 0.99, text: "99 and more" },
  { from: 0.97, text: "97" },
  { from: 0.93, text: "93" },
  { from: 0.85, text: "85" },
  { from: 0.7, text: "70" },
  { from: 0.45, text: "45" },
  { from: 0, text: "less" },
];

export function bin(retained: number): number {
  const found = bins.findIndex((each) => retained >= each.from);
  return found < 0 ? bins.length - 1 : found;
}

const isFirst = (fall: Fall | null, rung: string, capability: string): boolean =>
  fall !== null && fall.rung === rung && fall.capabilities.some((each) => each.capability === capability);

function Cell({ score, first }: { score: Score | undefined; first: boolean }) {
  if (score === undefined || score.retained === null) return <td class="none">&ndash;</td>;
  const shown = percent(score.retained, score.retained > 0.995 && score.retained < 1 ? 1 : 0);
  return (
    <td class={`heat-${bin(score.retained)}${first ? " first" : ""}`}>
      {shown}
      {score.verdict === "degraded" && (
        <span class="sign">
          <span aria-hidden="true">{"\u25bc"}</span>
          <span class="hidden"> degraded{first ? ", first to fall" : ""}</span>
        </span>
      )}
      {score.verdict === "unclear" && (
        <span class="sign">
          <span aria-hidden="true">?</span>
          <span class="hidden"> too few items to tell</span>
        </span>
      )}
    </td>
  );
}

function Key({ fall }: { fall: Fall | null }) {
  return (
    <ul class="legend">
      <li class="scale">
        <span class="hidden">Colours, from whole to gone: </span>
        {bins.map((each, index) => (
          <span key={each.text} class={`swatch-text heat-${index}`}>
            {each.text}
          </span>
        ))}
      </li>
      <li>
        <span class="sign">{"\u25bc"}</span> degraded beyond chance
      </li>
      <li>
        <span class="sign">?</span> too few items to tell
      </li>
      {fall && (
        <li>
          <span class="swatch first-swatch" aria-hidden="true" /> first to fall
        </li>
      )}
    </ul>
  );
}

export function HeatMap({ ladder }: { ladder: Ladder }) {
  const reference = ladder.rungs.find((rung) => rung.kind === "reference");
  const columns = ladder.rungs
    .filter((rung) => rung !== reference && rung.panel.size > 0)
    .sort((one, other) => (other.bits ?? 0) - (one.bits ?? 0));
  const mean = (rung: Rung) => qualityKept(rung)?.mean ?? null;
  if (ladder.capabilities.length === 0 || columns.length === 0) {
    return (
      <section aria-labelledby="heat-title">
        <h2 id="heat-title">What is left of each capability</h2>
        <p class="empty">
          {ladder.capabilities.length === 0 ? "No capability panel was run." : "There is no rung to compare with the reference."}
        </p>
      </section>
    );
  }
  return (
    <section aria-labelledby="heat-title">
      <h2 id="heat-title">What is left of each capability</h2>
      <p class="about">Percent of the reference's score that each rung retains, from most bits to fewest.</p>
      <Key fall={ladder.firstToFall} />
      <div class="scroll" role="region" aria-labelledby="heat-title" tabindex={0}>
        <table class="heat">
          <caption class="hidden">Retained share of the reference's score, percent, by capability and rung</caption>
          <thead>
            <tr>
              <th scope="col">capability</th>
              {reference && (
                <th scope="col" class="score">
                  {reference.name}
                  <small>score, %</small>
                </th>
              )}
              {columns.map((rung) => (
                <th scope="col" key={rung.name} class={rung.kind}>
                  {rung.name}
                  <small>{bits(rung.bits)}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ladder.capabilities.map((capability) => (
              <tr key={capability}>
                <th scope="row">{capability}</th>
                {reference && <td class="score">{percent(reference.panel.get(capability)?.score ?? null)}</td>}
                {columns.map((rung) => (
                  <Cell
                    key={rung.name}
                    score={rung.panel.get(capability)}
                    first={isFirst(ladder.firstToFall, rung.name, capability)}
                  />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">mean</th>
              {reference && <td class="score" />}
              {columns.map((rung) => (
                <td key={rung.name}>{percent(mean(rung))}</td>
              ))}
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  );
}
