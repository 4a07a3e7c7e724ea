// How divergence is spread over the tokens of a text: a row of bars a rung, from most bits down, over one logarithmic axis.
// The mean hides that most tokens hardly move and a few move far; the few break long answers.
import { bits, kld, percent, shorten } from "./format";
import type { Histogram } from "./ladder_parts";
import type { Ladder, Rung } from "./ladder";
import { decades, logarithmic } from "./scale";
import { useWidth } from "./width";

const rowHeight = 40;
const axisHeight = 34;

const total = (histogram: Histogram) => histogram.counts.reduce((sum, count) => sum + count, 0);

function describe(rung: Rung, histogram: Histogram): string {
  const all = total(histogram);
  const far = histogram.counts.reduce((sum, count, bin) => sum + (histogram.edges[bin]! >= 1 ? count : 0), 0);
  return (
    `${rung.name}, ${bits(rung.bits)} bits: median ${kld(rung.kld!.median)}, 99th percentile ${kld(rung.kld!.p99)}, ` +
    `99.9th ${kld(rung.kld!.p999)}, largest ${kld(rung.kld!.max)}; ${percent(all > 0 ? far / all : null)} percent of tokens above 1`
  );
}

interface RowProps {
  rung: Rung;
  histogram: Histogram;
  top: number;
  left: number;
  x: (value: number) => number;
}

function Row({ rung, histogram, top, left, x }: RowProps) {
  const most = Math.max(...histogram.counts, 1);
  const floor = top + rowHeight - 4;
  const spoken = describe(rung, histogram);
  const mark = (value: number | null, name: string) =>
    value !== null && value > 0 && <line class={`quantile ${name}`} x1={x(value)} x2={x(value)} y1={floor - 26} y2={floor} />;
  return (
    <g role="img" aria-label={spoken} tabindex={0} class="kl-row">
      <title>{spoken}</title>
      <rect class="reach" x={0} y={top} width={x(Infinity)} height={rowHeight} />
      <text x={left - 10} y={floor - 3} text-anchor="end">
        {shorten(rung.name, 18)}
      </text>
      {histogram.counts.map((count, bin) => {
        if (count === 0) return null;
        const height = Math.max(0.8, (count / most) * (rowHeight - 8));
        const from = x(histogram.edges[bin]!);
        return (
          <rect
            key={bin}
            class={`bar ${rung.kind}`}
            x={from}
            y={floor - height}
            width={Math.max(0.5, x(histogram.edges[bin + 1]!) - from - 0.6)}
            height={height}
          />
        );
      })}
      {mark(rung.kld!.median, "median")}
      {mark(rung.kld!.p999, "tail")}
    </g>
  );
}

export function KlHistogram({ ladder }: { ladder: Ladder }) {
  const [ref, width] = useWidth();
  const rungs = ladder.rungs
    .filter((rung) => rung.kld?.histogram != null && total(rung.kld.histogram) > 0)
    .sort((one, other) => (other.bits ?? 0) - (one.bits ?? 0));
  if (rungs.length === 0) return null;
  const left = Math.min(150, width * 0.3);
  const edges = rungs[0]!.kld!.histogram!.edges;
  const used = edges.slice(0, -1).flatMap((_, bin) => (rungs.some((rung) => (rung.kld!.histogram!.counts[bin] ?? 0) > 0) ? [bin] : []));
  const domain: [number, number] = [edges[used[0]!]!, edges[used.at(-1)! + 1]!];
  const scale = logarithmic(domain, [left, width - 14]);
  const x = (value: number) => Math.min(width - 14, Math.max(left, scale(value)));
  const height = rungs.length * rowHeight + axisHeight;
  const powers = decades(domain[0], domain[1]).filter(
    (power, index) => power >= domain[0] && power <= domain[1] && (width > 620 || index % 2 === 0),
  );
  return (
    <section aria-labelledby="kl-title">
      <h2 id="kl-title">How far single tokens move</h2>
      <p class="about">
        The share of tokens by their KL divergence from the reference, each rung on its own scale. The thin line is the median, the
        thick one what one token in a thousand exceeds.
      </p>
      <div ref={ref} class="plot">
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="group" aria-labelledby="kl-title">
          <g class="axes" aria-hidden="true">
            {powers.map((power) => (
              <g key={power}>
                <line x1={x(power)} x2={x(power)} y1={0} y2={height - axisHeight} />
                <text x={x(power)} y={height - axisHeight + 17} text-anchor="middle">
                  {power >= 1e-3 ? power : power.toExponential(0).replace("e-", "e\u2212")}
                </text>
              </g>
            ))}
            <text class="axis-name" x={width - 14} y={height - 2} text-anchor="end">
              KL divergence of a token, nats, logarithmic
            </text>
          </g>
          {rungs.map((rung, index) => (
            <Row key={rung.name} rung={rung} histogram={rung.kld!.histogram!} top={index * rowHeight} left={left} x={x} />
          ))}
        </svg>
      </div>
    </section>
  );
}
