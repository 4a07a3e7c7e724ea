// Rungs by capabilities: which ability is left at which width, from most bits down. A table, so that it reads without
// colours too; rungs are its rows, so that it fits a telephone.
import { bits, percent, shorten } from "./format";
import { qualityKept, type Fall, type Ladder, type Rung, type Score } from "./ladder";

/** Bins of the retained share; the classes heat-0 (whole) to heat-6 (gone) have hand-picked colours in style.css. */
const bins: { from: number; text: string }[] = [
  { from: 0.985, text: "\u2265 99" },
  { from: 0.965, text: "97" },
  { from: 0.925, text: "93" },
  { from: 0.845, text: "85" },
  { from: 0.695, text: "70" },
  { from: 0.445, text: "45" },
  { from: -Infinity, text: "less" },
];

export const bin = (retained: number): number => bins.findIndex((each) => retained >= each.from);

const isFirst = (fall: Fall | null, rung: string, capability: string): boolean =>
  fall !== null && fall.rung === rung && fall.capabilities.some((each) => each.capability === capability);

function Sign({ score, first }: { score: Score; first: boolean }) {
  if (score.verdict !== "degraded" && score.verdict !== "unclear") return null;
  const degraded = score.verdict === "degraded";
  return (
    <span class="sign">
      <span aria-hidden="true">{degraded ? "\u25bc" : "?"}</span>
      <span class="hidden">{degraded ? ` degraded${first ? ", first to fall" : ""}` : " too few items to tell"}</span>
    </span>
  );
}

function Cell({ score, first }: { score: Score | undefined; first: boolean }) {
  if (score === undefined || score.retained === null) return <td class="none">&ndash;</td>;
  return (
    <td class={`heat-${bin(score.retained)}${first ? " first" : ""}`}>
      {percent(score.retained, 0)}
      <Sign score={score} first={first} />
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

function RungHead({ rung, detail }: { rung: Rung; detail: string }) {
  return (
    <th scope="row" class={rung.kind} title={rung.description}>
      {shorten(rung.name, 28)} <small>{detail}</small>
    </th>
  );
}

function ReferenceRow({ rung, capabilities }: { rung: Rung; capabilities: string[] }) {
  return (
    <tr class="score">
      <RungHead rung={rung} detail="score, %" />
      {capabilities.map((capability) => (
        <td key={capability}>{percent(rung.panel.get(capability)?.score ?? null)}</td>
      ))}
      <td />
    </tr>
  );
}

export function HeatMap({ ladder }: { ladder: Ladder }) {
  const { capabilities, firstToFall } = ladder;
  const reference = ladder.rungs.find((rung) => rung.kind === "reference");
  const compared = ladder.rungs
    .filter((rung) => rung !== reference && rung.panel.size > 0)
    .sort((one, other) => (other.bits ?? 0) - (one.bits ?? 0));
  const nothing = capabilities.length === 0 ? "No capability panel was run." : "There is no rung to compare with the reference.";
  return (
    <section aria-labelledby="heat-title">
      <h2 id="heat-title">What is left of each capability</h2>
      {compared.length === 0 || capabilities.length === 0 ? (
        <p class="empty">{nothing}</p>
      ) : (
        <>
          <p class="about">Percent of the reference's score that each rung retains, from most bits down to fewest.</p>
          <Key fall={firstToFall} />
          <div class="scroll" role="region" aria-labelledby="heat-title" tabindex={0}>
            <table class="heat">
              <caption class="hidden">Retained share of the reference's score, percent, by rung and capability</caption>
              <thead>
                <tr>
                  <th scope="col">
                    rung <small>bits</small>
                  </th>
                  {[...capabilities, "mean"].map((capability, index) => (
                    <th scope="col" key={index} style={{ width: `${80 / (capabilities.length + 1)}%` }}>
                      <span>{shorten(capability, 18)}</span>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {reference && <ReferenceRow rung={reference} capabilities={capabilities} />}
                {compared.map((rung) => (
                  <tr key={rung.name}>
                    <RungHead rung={rung} detail={bits(rung.bits)} />
                    {capabilities.map((capability) => (
                      <Cell
                        key={capability}
                        score={rung.panel.get(capability)}
                        first={isFirst(firstToFall, rung.name, capability)}
                      />
                    ))}
                    <td class="mean">{percent(qualityKept(rung)?.mean ?? null)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}
