// Size against score: which file is the best of its size. What has no smaller and better rival is on the frontier.
import { useState } from "preact/hooks";
import { bytes, percent, shorten } from "./format";
import type { Ladder, Rung } from "./ladder";
import type { Models } from "./ladder_findings";
import { Plot, type Frame, type Point } from "./plot";
import { linear, linearTicks, logarithmic } from "./scale";
import { Tip, beside, below } from "./tip";
import { useWidth } from "./width";

/** Mean of the scores themselves, not of what is retained: other models may be beside. */
export function meanScore(rung: Rung): number | null {
  const scores = [...rung.panel.values()].flatMap((each) => (each.score === null ? [] : [each.score]));
  return scores.length === 0 ? null : scores.reduce((sum, each) => sum + each, 0) / scores.length;
}

/** Points that no other beats in both, by size. */
export function frontier(points: Point[]): Point[] {
  const sorted = [...points].sort((one, other) => one.at - other.at || other.value - one.value);
  let best = -Infinity;
  return sorted.filter((point) => point.value > best && ((best = point.value), true));
}

const ordinals = ["type", "recipe", "reference"] as const;

/** Several models: the shape of a mark tells which. What does not fit the memory is left out. */
function modelPoints(models: Models): Point[] {
  return models.points
    .filter((each) => each.fits)
    .map((each) => ({
      name: `${shorten(each.model, 14)} ${each.rung}`,
      kind: ordinals[models.names.indexOf(each.model) % ordinals.length]!,
      at: each.bytes,
      value: each.score,
      low: null,
      high: null,
      spoken: `${each.model} ${each.rung}: ${bytes(each.bytes)}, mean score ${percent(each.score)} percent`,
    }));
}

function Best({ models }: { models: Models }) {
  if (models.best.length === 0) return null;
  const memory = models.memory === null ? "" : ` within ${bytes(models.memory)}`;
  return (
    <div class="scroll" role="region" aria-label="The best of each capability" tabindex={0}>
      <table class="plain">
        <caption>The best of each capability{memory}, and the smallest file that may be as good</caption>
        <thead>
          <tr>
            <th scope="col">capability</th>
            <th scope="col">best</th>
            <th scope="col">smallest as good</th>
          </tr>
        </thead>
        <tbody>
          {models.best.map((each) => (
            <tr key={each.capability}>
              <th scope="row">{each.capability}</th>
              <td>{each.best}</td>
              <td>{each.smallest}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const sizeTicks = (low: number, high: number) =>
  Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power))
    .flat()
    .filter((tick) => tick >= low && tick <= high)
    .map((tick) => ({ at: tick, text: bytes(tick).replace(".0", "") }));

export function Pareto({ ladder }: { ladder: Ladder }) {
  const [ref, width] = useWidth();
  const [active, setActive] = useState<string | null>(null);
  const points: Point[] = ladder.models ? modelPoints(ladder.models) : ladder.rungs.flatMap((rung) => {
    const score = meanScore(rung);
    if (score === null || rung.bytes === null || !(rung.bytes > 0)) return [];
    const spoken = `${rung.name}: ${bytes(rung.bytes)}, mean score ${percent(score)} percent`;
    return [{ ...rung, at: rung.bytes, value: score, low: null, high: null, spoken }];
  });
  if (points.length < 2) return null;
  const best = frontier(points);
  const frame: Frame = { width, height: width < 560 ? 310 : 350, left: 52, right: 18, top: 26, bottom: 42 };
  const sizes: [number, number] = [Math.min(...points.map((each) => each.at)) * 0.88, Math.max(...points.map((each) => each.at)) * 1.14];
  const lowest = Math.min(...points.map((each) => each.value));
  const highest = Math.max(...points.map((each) => each.value));
  const room = Math.max(0.02, highest - lowest);
  const shares: [number, number] = [Math.max(0, lowest - 0.12 * room), highest + 0.18 * room];
  const x = logarithmic(sizes, [frame.left, width - frame.right]);
  const y = linear(shares, [frame.height - frame.bottom, frame.top]);
  const point = points.find((each) => each.name === active);
  const rung = ladder.rungs.find((each) => each.name === active);
  const beaten = points.filter((each) => !best.includes(each)).map((each) => each.name);
  return (
    <section aria-labelledby="pareto-title">
      <h2 id="pareto-title">Size against score</h2>
      <figure>
        <figcaption>
          <strong>Mean score over the capabilities, %</strong>{" "}
          <span>
            The line joins the files that no smaller one equals.
            {beaten.length > 0 && ` Below it: ${beaten.join(", ")}.`}
          </span>
        </figcaption>
        <div ref={ref} class="plot">
          <Plot
            title="Size against mean score"
            frame={frame}
            points={points}
            line={best}
            x={x}
            y={y}
            xTicks={sizeTicks(sizes[0], sizes[1])}
            xName="file size, logarithmic"
            ticks={linearTicks(shares, 6).map((at) => ({ at, text: percent(at, room < 0.08 ? 1 : 0) }))}
            active={active}
            onActive={setActive}
          />
          {point && rung && <Tip rung={rung} style={width < 560 ? below(frame) : beside(x(point.at), y(point.value), width)} />}
        </div>
      </figure>
      {ladder.models && <Best models={ladder.models} />}
    </section>
  );
}
