// Advice in words, each with the numbers it rests on: what every rung is good for, whether folklore holds for this model.
import { fixed, percent } from "./format";
import type { Ladder } from "./ladder";
import type { AdviceRung, Folklore } from "./ladder_findings";

const interval = (row: { kept: number | null; low: number | null; high: number | null }) => {
  if (row.kept === null) return "";
  const range = row.low === null || row.high === null ? "" : ` (${percent(row.low)}\u2013${percent(row.high)})`;
  return `${percent(row.kept)} %${range}`;
};

function RungRow({ row }: { row: AdviceRung }) {
  return (
    <tr>
      <th scope="row">{row.rung}</th>
      <td>{row.character}</td>
      <td class="number">{fixed(row.gbPerBillion, 2)}</td>
      <td class="number">{interval(row)}</td>
      <td>{row.when}</td>
    </tr>
  );
}

function FolkloreRow({ row }: { row: Folklore }) {
  return (
    <li>
      <strong>{row.finding}</strong>: {row.rule}. Here {row.rung} keeps {interval(row)}.
    </li>
  );
}

export function AdviceSection({ ladder }: { ladder: Ladder }) {
  const { advice } = ladder;
  if (advice === null) return null;
  return (
    <section aria-labelledby="advice-title">
      <h2 id="advice-title">Which one to take</h2>
      <p class="about">Kept: the mean over the capabilities of what is left of each, with its 95 % interval.</p>
      <div class="scroll" role="region" aria-labelledby="advice-title" tabindex={0}>
        <table class="plain">
          <caption class="hidden">What each rung is good for</caption>
          <thead>
            <tr>
              <th scope="col">rung</th>
              <th scope="col">character</th>
              <th scope="col">GB per billion weights</th>
              <th scope="col">kept</th>
              <th scope="col">take it when</th>
            </tr>
          </thead>
          <tbody>
            {advice.rungs.map((row) => (
              <RungRow key={row.rung} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {advice.twoBits && <p>{advice.twoBits}</p>}
      {advice.nextSteps.length > 0 && (
        <ul class="notes-plain">
          {advice.nextSteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ul>
      )}
      {advice.folklore.length > 0 && (
        <>
          <h3>Rules of thumb</h3>
          <ul class="notes-plain">
            {advice.folklore.map((row) => (
              <FolkloreRow key={row.rule + row.rung} row={row} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
