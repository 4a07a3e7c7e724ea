// Real weights of the model and the levels that formats can put them on: what "four bits" means.
import { shorten } from "./format";
import type { Ladder } from "./ladder";
import type { FormatLevels, Histogram } from "./ladder_parts";
import { linear } from "./scale";
import { useWidth } from "./width";

const bellHeight = 110;
const rowHeight = 30;
const axisHeight = 34;

const path = (histogram: Histogram, x: (value: number) => number, floor: number): string => {
  const most = Math.max(...histogram.counts, 1);
  const corners = histogram.counts.map((count, bin) => {
    const y = floor - (count / most) * (bellHeight - 12);
    return `L${x(histogram.edges[bin]!)} ${y}L${x(histogram.edges[bin + 1]!)} ${y}`;
  });
  return `M${x(histogram.edges[0]!)} ${floor}${corners.join("")}L${x(histogram.edges.at(-1)!)} ${floor}Z`;
};

/** Root mean square of what the group loses, as a share of its weights' own. */
export function groupError(group: number[], decoded: number[]): number | null {
  if (group.length === 0 || group.length !== decoded.length) return null;
  let lost = 0;
  let all = 0;
  group.forEach((weight, index) => {
    lost += (weight - decoded[index]!) ** 2;
    all += weight ** 2;
  });
  return all > 0 ? Math.sqrt(lost / all) : null;
}

interface RowProps {
  row: FormatLevels;
  group: number[];
  top: number;
  left: number;
  x: (value: number) => number;
  inside: (value: number) => boolean;
}

function Row({ row, group, top, left, x, inside }: RowProps) {
  const lost = groupError(group, row.decoded);
  const spoken =
    `${row.format}: ${row.levelCount} levels` + (lost === null ? "" : `; these weights lose ${(100 * lost).toFixed(1)} percent`);
  const middle = top + rowHeight / 2;
  return (
    <g role="img" aria-label={spoken} tabindex={0} class="level-row">
      <title>{spoken}</title>
      <rect class="reach" x={0} y={top} width={x(Infinity)} height={rowHeight} />
      <text x={left - 10} y={middle + 4} text-anchor="end">
        {shorten(row.format, 14)}
      </text>
      {row.levels.filter(inside).map((level) => (
        <line key={level} class="level" x1={x(level)} x2={x(level)} y1={middle - 10} y2={middle + 10} />
      ))}
      {row.levels.length === 0 && (
        <text class="many" x={x(0)} y={middle + 4} text-anchor="middle">
          {row.levelCount} levels, too many to draw
        </text>
      )}
      {row.levels.length > 0 &&
        row.decoded.filter(inside).map((weight, index) => (
          <circle key={index} class="weight" cx={x(weight)} cy={middle} r={2.6} />
        ))}
    </g>
  );
}

export function Weights({ ladder }: { ladder: Ladder }) {
  const [ref, width] = useWidth();
  const picture = ladder.weights;
  if (picture === null || picture.formats.length === 0 || picture.group.length === 0) return null;
  const left = Math.min(120, width * 0.24);
  // The group's weights, not the matrix's, decide what is shown: they may be all on one side.
  const reach = 1.15 * Math.max(...picture.group.map(Math.abs), ...picture.formats.flatMap((each) => each.decoded.map(Math.abs)));
  const scale = linear([-reach, reach], [left, width - 14]);
  const x = (value: number) => Math.min(width - 14, Math.max(left, scale(value)));
  const inside = (value: number) => Math.abs(value) <= reach;
  const rowsTop = bellHeight + rowHeight;
  const height = rowsTop + picture.formats.length * rowHeight + axisHeight;
  const summary = `Spread of the weights of ${picture.tensor}; a group of ${picture.group.length} of them below it`;
  return (
    <section aria-labelledby="weights-title">
      <h2 id="weights-title">What a format makes of weights</h2>
      <p class="about">
        Above, the weights of <code>{picture.tensor}</code>; below them one group of {picture.group.length}, and in each row the levels that
        a format offers this group (bars) and where its weights end up (dots).
      </p>
      <div ref={ref} class="plot">
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="group" aria-labelledby="weights-title">
          <g role="img" aria-label={summary} class="bell-row">
            <path class="bell" d={path(picture.histogram, x, bellHeight)} />
            <text x={left - 10} y={bellHeight - 4} text-anchor="end">
              all
            </text>
            <text x={left - 10} y={bellHeight + rowHeight / 2 + 4} text-anchor="end">
              group
            </text>
            {picture.group.map((weight, index) => (
              <circle key={index} class="weight" cx={x(weight)} cy={bellHeight + rowHeight / 2} r={2.6} />
            ))}
          </g>
          {picture.formats.map((row, index) => (
            <Row
              key={row.format}
              row={row}
              group={picture.group}
              top={rowsTop + index * rowHeight}
              left={left}
              x={x}
              inside={inside}
            />
          ))}
          <g class="axes" aria-hidden="true">
            <line class="base" x1={left} x2={width - 14} y1={height - axisHeight} y2={height - axisHeight} />
            {[-reach / 1.15, 0, reach / 1.15].map((tick) => (
              <g key={tick}>
                <line class="tick" x1={x(tick)} x2={x(tick)} y1={height - axisHeight} y2={height - axisHeight + 5} />
                <text x={x(tick)} y={height - axisHeight + 19} text-anchor="middle">
                  {Number(tick.toPrecision(2))}
                </text>
              </g>
            ))}
            <text class="axis-name" x={width - 14} y={height - 1} text-anchor="end">
              weight
            </text>
          </g>
        </svg>
      </div>
    </section>
  );
}
