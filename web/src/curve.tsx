// The main picture: quality kept and KL divergence against bits per weight, over one axis of bits.
import { useState } from "preact/hooks";
import { bits, bytes, fixed, kld, percent } from "./format";
import { qualityKept, type Ladder, type Rung } from "./ladder";
import { Marker, Plot, type Band, type Frame, type Point } from "./plot";
import { bitTicks, decades, linear, linearTicks, logarithmic } from "./scale";
import { Tip, beside, below } from "./tip";
import { useWidth } from "./width";

function spoken(rung: Rung): string {
  const kept = qualityKept(rung);
  const parts = [`${rung.name}: ${bits(rung.bits)} bits per weight, ${bytes(rung.bytes)}`];
  if (kept) parts.push(`keeps ${percent(kept.mean)} percent of quality, from ${percent(kept.low)} to ${percent(kept.high)}`);
  if (rung.kld) parts.push(`mean KL divergence ${kld(rung.kld.mean)}`);
  if (rung.perplexity !== null) parts.push(`perplexity ${fixed(rung.perplexity, 2)}`);
  return parts.join("; ");
}

function keptPoints(rungs: Rung[]): Point[] {
  return rungs.flatMap((rung) => {
    const kept = qualityKept(rung);
    if (kept === null || rung.bits === null) return [];
    return [{ ...rung, at: rung.bits, value: kept.mean, low: kept.low, high: kept.high, spoken: spoken(rung) }];
  });
}

/** A KL divergence of zero or below (rounding) has no place on a logarithmic axis. */
function kldPoints(rungs: Rung[]): Point[] {
  return rungs.flatMap((rung) =>
    rung.bits === null || rung.kld === null || rung.kld.mean <= 0
      ? []
      : [{ ...rung, at: rung.bits, value: rung.kld.mean, low: null, high: null, spoken: spoken(rung) }],
  );
}

function cliffBand(ladder: Ladder, label: string): Band | null {
  const { cliff } = ladder;
  const place = (name: string) => ladder.rungs.find((rung) => rung.name === name)?.bits ?? null;
  if (cliff === null) return null;
  const [above, below] = [place(cliff.above), place(cliff.below)];
  if (above === null || below === null || above <= 0 || below <= 0) return null;
  return { from: Math.min(above, below), to: Math.max(above, below), above: cliff.above, below: cliff.below, label };
}

/** Where the divergence begins to grow faster, with its uncertainty; without a fit the same as above. */
function breakBand(ladder: Ladder): Band | null {
  const fit = ladder.cliffFit;
  if (fit === null) return cliffBand(ladder, "cliff");
  return { from: fit.low, to: fit.high, label: `break at ${fixed(fit.bits, 1)} bits (${fixed(fit.low, 1)}\u2013${fixed(fit.high, 1)})` };
}

function Legend({ kinds, interval, cliff }: { kinds: Set<string>; interval: boolean; cliff: boolean }) {
  const key = (kind: "reference" | "type" | "recipe", text: string) =>
    kinds.has(kind) && (
      <li>
        <svg width="16" height="16" aria-hidden="true">
          <Marker kind={kind} x={8} y={8} size={4.5} />
        </svg>
        {text}
      </li>
    );
  return (
    <ul class="legend">
      {key("reference", "reference")}
      {key("type", "one type for every matrix")}
      {key("recipe", "recipe, a mixture of types")}
      {interval && (
        <li>
          <svg width="16" height="16" aria-hidden="true">
            <path class="whisker type" d="M4 2h8M8 2V14M4 14h8" />
          </svg>
          95 % interval
        </li>
      )}
      {cliff && (
        <li>
          <span class="swatch cliff-swatch" aria-hidden="true" />
          the cliff
        </li>
      )}
    </ul>
  );
}

export function Curve({ ladder }: { ladder: Ladder }) {
  const [ref, width] = useWidth();
  const [active, setActive] = useState<{ plot: number; name: string } | null>(null);
  const rungs = ladder.rungs
    .filter((rung) => rung.bits !== null && rung.bits > 0)
    .sort((one, other) => one.bits! - other.bits!);
  const kept = keptPoints(rungs);
  const divergence = kldPoints(rungs);
  if (kept.length === 0 && divergence.length === 0) {
    return (
      <section aria-labelledby="curve-title">
        <h2 id="curve-title">Quality against bits</h2>
        <p class="empty">There is no curve yet: it needs a rung below the reference, or a capability panel.</p>
      </section>
    );
  }

  const narrow = width < 560;
  const frame: Frame = { width, height: narrow ? 310 : 360, left: 52, right: 18, top: 30, bottom: 42 };
  const widths = [...kept, ...divergence].map((point) => point.at);
  const bitsDomain: [number, number] = [Math.min(...widths) * 0.92, Math.max(...widths) * 1.08];
  const x = logarithmic(bitsDomain, [frame.left, width - frame.right]);
  const vertical: [number, number] = [frame.height - frame.bottom, frame.top];

  const lowest = Math.min(...kept.map((point) => point.low ?? point.value), 0.92);
  const highest = Math.max(...kept.map((point) => point.high ?? point.value), 1);
  const floor = Math.max(0, Math.floor((lowest - 0.02) * 10) / 10);
  // The room above 100 % is for the labels of the many rungs that lie there.
  const shares: [number, number] = [floor, highest + 0.16 * (highest - floor)];
  const keptScale = linear(shares, vertical);
  const noise = ladder.noise !== null && ladder.noise > 0 ? ladder.noise : Infinity;
  const powers = decades(
    Math.min(noise, ...divergence.map((point) => point.value)),
    Math.max(...divergence.map((point) => point.value)),
  );
  const kldScale = logarithmic([powers[0]! * 0.9, powers[powers.length - 1]! * 1.1], vertical);

  const { cliff } = ladder;
  const loss = cliff?.loss == null ? "" : `: ${percent(cliff.loss, 0)} points lost`;
  const plots = [
    {
      title: "Quality kept, % of the reference",
      about: "Mean over the capabilities of the share of the reference's score that is retained. Higher is better.",
      points: kept,
      y: keptScale,
      ticks: linearTicks([floor, highest + 0.001], 6).map((at) => ({ at, text: percent(at, 0) })),
      band: cliffBand(ladder, `cliff${loss}`),
    },
    {
      title: "Mean KL divergence from the reference, nats",
      about: "How far the next-token probabilities moved on held-out text, on a logarithmic scale. Lower is better.",
      points: divergence,
      y: kldScale,
      ticks: powers.map((at) => ({ at, text: at >= 1e-4 && at < 1000 ? String(at) : at.toExponential(0) })),
      band: breakBand(ladder),
      floor: noise < Infinity ? { to: noise, label: "noise: the reference against itself" } : null,
    },
  ];
  const kinds = new Set(rungs.map((rung) => rung.kind as string));

  return (
    <section aria-labelledby="curve-title">
      <h2 id="curve-title">Quality against bits</h2>
      <Legend kinds={kinds} interval={kept.some((point) => point.low !== null)} cliff={plots[0]!.band !== null} />
      <div ref={ref}>
        {plots.map((plot, number) => {
          if (plot.points.length === 0) return null;
          const name = active?.plot === number ? active.name : null;
          const point = plot.points.find((each) => each.name === name);
          const rung = rungs.find((each) => each.name === name);
          return (
            <figure key={plot.title}>
              <figcaption>
                <strong>{plot.title}</strong> <span>{plot.about}</span>
              </figcaption>
              <div class="plot">
                <Plot
                  {...plot}
                  frame={frame}
                  x={x}
                  xTicks={bitTicks(bitsDomain).map((tick) => ({ at: tick, text: String(tick) }))}
                  xName="bits per weight, logarithmic"
                  line={plot.points.filter((each) => each.kind !== "recipe")}
                  active={name}
                  onActive={(next) => setActive(next === null ? null : { plot: number, name: next })}
                />
                {point && rung && (
                  <Tip rung={rung} style={narrow ? below(frame) : beside(x(point.at), plot.y(point.value), width)} />
                )}
              </div>
            </figure>
          );
        })}
      </div>
    </section>
  );
}
