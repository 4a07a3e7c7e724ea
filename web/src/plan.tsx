// What fits: of each rung the bytes of weights, cache and buffers as one bar against the memory there is.
import { bytes } from "./format";
import { list, number, object, text } from "./json";
import { linear } from "./scale";
import { useWidth } from "./width";

export interface PlanRung {
  name: string;
  weights: number;
  cache: number;
  buffers: number;
}

export interface Plan {
  model: string;
  memory: number | null;
  rungs: PlanRung[];
}

export function readPlan(value: unknown): Plan | null {
  const from = object(value);
  const rungs = list(from.rungs)
    .map(object)
    .flatMap((each) => {
      const weights = number(object(each.weights).bytes);
      if (weights === null || !(weights > 0) || text(each.name) === "") return [];
      return [{ name: text(each.name), weights, cache: number(each.cache_bytes) ?? 0, buffers: number(each.buffer_bytes) ?? 0 }];
    });
  if (rungs.length === 0) return null;
  const memory = list(from.devices).reduce<number>((sum, device) => sum + (number(object(device).bytes) ?? 0), 0);
  return { model: text(from.model), memory: memory > 0 ? memory : null, rungs };
}

const total = (rung: PlanRung) => rung.weights + rung.cache + rung.buffers;
const rowHeight = 30;

function Row({ rung, top, left, x }: { rung: PlanRung; top: number; left: number; x: (value: number) => number }) {
  const words =
    `${rung.name}: ${bytes(total(rung))}, weights ${bytes(rung.weights)}, ` +
    `cache ${bytes(rung.cache)}, buffers ${bytes(rung.buffers)}`;
  const ends = [rung.weights, rung.weights + rung.cache, total(rung)];
  return (
    <g role="img" aria-label={words} tabindex={0} class="plan-row level-row">
      <title>{words}</title>
      <text x={left - 10} y={top + 18} text-anchor="end">
        {rung.name.replace("llama.cpp/", "")}
      </text>
      {["weights", "cache", "buffers"].map((part, index) => (
        <rect
          key={part}
          class={`plan-${part}`}
          x={x(index === 0 ? 0 : ends[index - 1]!)}
          y={top + 5}
          width={Math.max(0.5, x(ends[index]!) - x(index === 0 ? 0 : ends[index - 1]!))}
          height={rowHeight - 10}
        />
      ))}
    </g>
  );
}

export function PlanChart({ plan }: { plan: Plan | null }) {
  const [ref, width] = useWidth();
  if (plan === null) return null;
  const left = Math.min(130, width * 0.3);
  const most = Math.max(plan.memory ?? 0, ...plan.rungs.map(total)) * 1.04;
  const x = linear([0, most], [left, width - 14]);
  const height = plan.rungs.length * rowHeight + 40;
  return (
    <section aria-labelledby="plan-title">
      <h2 id="plan-title">What fits</h2>
      <p class="about">
        Bytes of {plan.model || "the model"} on each rung. {plan.memory !== null && `The line is the memory there is: ${bytes(plan.memory)}.`}
      </p>
      <ul class="legend">
        {["weights", "cache", "buffers"].map((part) => (
          <li key={part}>
            <span class={`swatch plan-${part}`} aria-hidden="true" /> {part}
          </li>
        ))}
      </ul>
      <div ref={ref} class="plot">
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="group" aria-labelledby="plan-title">
          {plan.rungs.map((rung, index) => (
            <Row key={rung.name} rung={rung} top={index * rowHeight} left={left} x={x} />
          ))}
          {plan.memory !== null && (
            <line class="plan-memory" x1={x(plan.memory)} x2={x(plan.memory)} y1={0} y2={plan.rungs.length * rowHeight} />
          )}
        </svg>
      </div>
    </section>
  );
}
