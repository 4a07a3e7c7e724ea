// The order of collapse: for each capability how far down it holds, where it is degraded, half gone, gone. A row of bands
// over the axis of bits; what goes first stands first.
import { bits, percent, shorten } from "./format";
import type { Ladder } from "./ladder";
import type { Collapse, Place } from "./ladder_findings";
import { bitTicks, logarithmic } from "./scale";
import { useWidth } from "./width";

const rowHeight = 34;
const axisHeight = 34;

const at = (place: Place) => `${place.rung} (${bits(place.bits)} bits${place.retained === null ? "" : `, keeps ${percent(place.retained, 0)} percent`})`;

function spoken(row: Collapse): string {
  if (row.degraded === null) return `${row.capability}: not degraded on any rung`;
  const parts = [`degraded at ${at(row.degraded)}`];
  if (row.half) parts.push(`half gone at ${at(row.half)}`);
  if (row.gone) parts.push(`gone at ${at(row.gone)}`);
  if (row.holdsBelow.length > 0) parts.push(`holds all the same on ${row.holdsBelow.join(", ")}`);
  return `${row.capability}: ${parts.join("; ")}`;
}

interface RowProps {
  row: Collapse;
  top: number;
  left: number;
  right: number;
  end: number;
  x: (value: number) => number;
}

/** Many bits are on the left: the ladder is walked down from there. */
function Row({ row, top, left, right, end, x }: RowProps) {
  const steps = [
    { from: left, class: "holds" },
    ...(row.degraded ? [{ from: x(row.degraded.bits), class: "degraded" }] : []),
    ...(row.half ? [{ from: x(row.half.bits), class: "half" }] : []),
    ...(row.gone ? [{ from: x(row.gone.bits), class: "gone" }] : []),
  ];
  const words = spoken(row);
  return (
    <g role="img" aria-label={words} tabindex={0} class="collapse-row">
      <title>{words}</title>
      <rect class="reach" x={0} y={top} width={right} height={rowHeight} />
      <text x={left - 10} y={top + rowHeight / 2 + 4} text-anchor="end">
        {shorten(row.capability, 18)}
      </text>
      {steps.map((step, index) => (
        <rect
          key={step.class}
          class={`stage ${step.class}`}
          x={step.from}
          y={top + 7}
          width={Math.max(1, (steps[index + 1]?.from ?? end) - step.from)}
          height={rowHeight - 14}
        />
      ))}
    </g>
  );
}

const keys = [
  ["holds", "not degraded"],
  ["degraded", "degraded beyond chance"],
  ["half", "keeps less than half"],
  ["gone", "gone: no better than guessing"],
] as const;

export function CollapseOrder({ ladder }: { ladder: Ladder }) {
  const [ref, width] = useWidth();
  const widths = ladder.rungs.flatMap((rung) => (rung.bits !== null && rung.bits > 0 ? [rung.bits] : []));
  if (ladder.collapse.length === 0 || widths.length < 2) return null;
  const left = Math.min(130, width * 0.3);
  const right = width - 14;
  const domain: [number, number] = [Math.min(...widths) * 0.94, Math.max(...widths)];
  const x = logarithmic(domain, [right, left]);
  const height = ladder.collapse.length * rowHeight + axisHeight;
  const exceptions = ladder.collapse.filter((row) => row.holdsBelow.length > 0);
  return (
    <section aria-labelledby="collapse-title">
      <h2 id="collapse-title">The order of collapse</h2>
      <p class="about">Walking down from the reference on the left: what goes first stands first.</p>
      <ul class="legend">
        {keys.map(([name, words]) => (
          <li key={name}>
            <span class={`swatch stage ${name}`} aria-hidden="true" /> {words}
          </li>
        ))}
      </ul>
      <div ref={ref} class="plot">
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="group" aria-labelledby="collapse-title">
          {ladder.collapse.map((row, index) => (
            <Row key={row.capability} row={row} top={index * rowHeight} left={left} right={right} end={right} x={x} />
          ))}
          <g class="axes" aria-hidden="true">
            {bitTicks(domain).map((tick) => (
              <g key={tick}>
                <line class="tick" x1={x(tick)} x2={x(tick)} y1={height - axisHeight} y2={height - axisHeight + 5} />
                <text x={x(tick)} y={height - axisHeight + 18} text-anchor="middle">
                  {tick}
                </text>
              </g>
            ))}
            <text class="axis-name" x={right} y={height - 1} text-anchor="end">
              bits per weight, logarithmic
            </text>
          </g>
        </svg>
      </div>
      {exceptions.length > 0 && (
        <ul class="notes-plain">
          {exceptions.map((row) => (
            <li key={row.capability}>
              {row.capability} holds all the same on {row.holdsBelow.join(", ")}.
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
