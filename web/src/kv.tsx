// What fewer bits for keys and values cost, by the length of the context: where long context starts to rot.
import { fixed, kld, shorten } from "./format";
import type { KvLadder, KvType } from "./kv_data";
import { decades, logarithmic, placeLabels } from "./scale";
import { useWidth } from "./width";

const frame = { height: 380, left: 58, right: 128, top: 16, bottom: 42 };

function spoken(type: KvType): string {
  const points = type.points.map((point) => `${kld(point.mean)} at ${point.context} tokens`).join(", ");
  const bits = type.bitsPerValue === null ? "" : `, ${fixed(type.bitsPerValue, 2)} bits a value`;
  return `${type.name}${bits}${type.research ? ", research" : ""}: mean KL divergence ${points}`;
}

export function KvChart({ kv }: { kv: KvLadder | null }) {
  const [ref, width] = useWidth();
  if (kv === null) return null;
  const means = kv.types.flatMap((type) => type.points.map((point) => point.mean));
  const powers = decades(Math.min(...means), Math.max(...means));
  const floor = frame.height - frame.bottom;
  const right = width - (width < 560 ? 84 : frame.right);
  const x = logarithmic([kv.contexts[0]! * 0.95, kv.contexts.at(-1)! * 1.02], [frame.left, right]);
  const y = logarithmic([powers[0]!, powers.at(-1)!], [floor, frame.top]);
  const ends = kv.types.map((type) => type.points.at(-1)!);
  const labels = placeLabels(
    ends.map((end, index) => ({ x: x(end.context), y: y(end.mean), width: shorten(kv.types[index]!.name, 14).length * 6.7 + 4 })),
    14,
    { x: right + 4, y: frame.top - 8, width: width - right - 4, height: floor - frame.top + 16 },
  );
  const line = (type: KvType) => type.points.map((point) => `${x(point.context)},${y(point.mean)}`).join(" ");
  return (
    <section aria-labelledby="kv-title">
      <h2 id="kv-title">Fewer bits for keys and values</h2>
      <p class="about">
        Mean KL divergence from a cache in 16 bits, the weights as they are, by the length of the context. Dashed: below 8 bits a value,
        which is research: trust what was measured here, not a rule.
      </p>
      <div ref={ref} class="plot">
        <svg viewBox={`0 0 ${width} ${frame.height}`} width={width} height={frame.height} role="group" aria-labelledby="kv-title">
          <g class="axes" aria-hidden="true">
            {powers.map((power) => (
              <g key={power}>
                <line x1={frame.left} x2={right} y1={y(power)} y2={y(power)} />
                <text x={frame.left - 8} y={y(power) + 4} text-anchor="end">
                  {power >= 1e-3 ? power : power.toExponential(0)}
                </text>
              </g>
            ))}
            {kv.contexts.map((context) => (
              <text key={context} x={x(context)} y={floor + 19} text-anchor="middle">
                {context}
              </text>
            ))}
            <text class="axis-name" x={right} y={frame.height - 4} text-anchor="end">
              tokens of context, logarithmic
            </text>
          </g>
          {kv.types.map((type, index) => (
            <g key={type.name} role="img" aria-label={spoken(type)} tabindex={0} class="kv-line">
              <title>{spoken(type)}</title>
              <polyline class={type.research ? "curve research" : "curve"} points={line(type)} />
              {type.points.map((point) => (
                <circle key={point.context} class="weight" cx={x(point.context)} cy={y(point.mean)} r={3} />
              ))}
              {labels[index] && (
                <text x={labels[index].x + labels[index].width / 2} y={labels[index].y + 11} text-anchor="middle">
                  {shorten(type.name, 14)}
                </text>
              )}
            </g>
          ))}
        </svg>
      </div>
    </section>
  );
}
