// Where the bytes are: each recipe a bar whose area is its bytes, cut into the parts of the model, coloured by bits per
// weight. All bars of a picture share one scale.
import { bits, bytes, percent, shorten } from "./format";
import type { Ladder } from "./ladder";
import type { Part } from "./ladder_parts";
import { useWidth } from "./width";
import flash from "./deepseek_v4_flash.json";
import { readParts } from "./ladder_parts";

/** Upper limits of the classes bits-0 (one and a half bits) to bits-6 (floats); colours in pictures.css. */
const classes = [
  { below: 2.3, text: "\u2264 2.3" },
  { below: 3.0, text: "3" },
  { below: 4.0, text: "4" },
  { below: 5.2, text: "5" },
  { below: 7.0, text: "7" },
  { below: 9.0, text: "9" },
  { below: Infinity, text: "more bits a weight" },
];
export const bitsClass = (value: number): number => classes.findIndex((each) => value < each.below);

export interface Bar {
  name: string;
  parts: Part[];
}

const sum = (parts: Part[]) => parts.reduce((total, part) => total + part.bytes, 0);

function spoken(bar: Bar): string {
  const all = sum(bar.parts);
  const parts = bar.parts.map((part) => `${part.name} ${bytes(part.bytes)}, ${percent(part.bytes / all)} percent, at ${bits(part.bits)} bits`);
  return `${bar.name}: ${bytes(all)}. ${parts.join("; ")}`;
}

const barHeight = 64;
const gap = 34;

function Blocks({ bar, top, scale }: { bar: Bar; top: number; scale: number }) {
  let from = 0;
  return (
    <g role="img" aria-label={spoken(bar)} tabindex={0} class="blocks">
      <text class="bar-name" x={0} y={top - 7}>
        <tspan class="strong">{shorten(bar.name, 28)}</tspan> {bytes(sum(bar.parts))}
      </text>
      {bar.parts.map((part) => {
        const width = part.bytes * scale;
        const x = from;
        from += width;
        return (
          <g key={part.name}>
            <title>{`${part.name}: ${bytes(part.bytes)} at ${bits(part.bits)} bits`}</title>
            <rect class={`block bits-${bitsClass(part.bits)}`} x={x} y={top} width={Math.max(0.5, width - 1)} height={barHeight} />
            {width > 92 && (
              <text class={`bits-ink-${bitsClass(part.bits)}`} x={x + 8} y={top + 22} aria-hidden="true">
                <tspan class="strong">{part.name.length * 7 < width - 12 ? part.name : part.name.split(/[ ,]/)[0]}</tspan>
                <tspan x={x + 8} dy="18">
                  {bits(part.bits)} bits
                </tspan>
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function Picture({ bars, label }: { bars: Bar[]; label: string }) {
  const [ref, width] = useWidth();
  const scale = width / Math.max(...bars.map((bar) => sum(bar.parts)));
  const height = bars.length * (barHeight + gap);
  return (
    <div ref={ref} class="plot">
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="group" aria-label={label}>
        {bars.map((bar, index) => (
          <Blocks key={bar.name} bar={bar} top={index * (barHeight + gap) + 22} scale={scale} />
        ))}
      </svg>
    </div>
  );
}

/** The recipes against naive where the ladder has them, else its smallest rungs. */
export function barsOf(ladder: Ladder): Bar[] {
  const known = ladder.rungs.filter((rung) => rung.layout.length > 0 && rung.kind !== "reference");
  const named = ["naive-q2", "asymmetric", "asymmetric-q4"].flatMap((name) => known.filter((rung) => rung.name === name));
  const smallest = [...known].sort((one, other) => (one.bytes ?? 0) - (other.bytes ?? 0)).slice(0, 3);
  return (named.length > 1 ? named : smallest).map((rung) => ({ name: rung.name, parts: rung.layout }));
}

const flashBars: Bar[] = (flash.recipes as { recipe: string; layout: unknown }[]).map((each) => ({ name: each.recipe, parts: readParts(each.layout) }));

export function BlockPicture({ ladder }: { ladder: Ladder }) {
  const bars = barsOf(ladder);
  if (bars.length === 0) return null;
  return (
    <section aria-labelledby="blocks-title">
      <h2 id="blocks-title">Where the bytes are</h2>
      <p class="about">
        Area is bytes, colour is bits per weight. A recipe spends bits on the parts that orchestrate and saves them where most weights
        are.
      </p>
      <ul class="legend">
        <li class="scale">
          <span class="hidden">Colours, from few bits to many: </span>
          {classes.map((each, index) => (
            <span key={each.text} class={`swatch-text bits-${index} bits-ink-${index}`}>
              {each.text}
            </span>
          ))}
        </li>
      </ul>
      <Picture bars={bars} label={`Bytes by part of ${ladder.model.name}`} />
      {flashBars.length > 0 && (
        <>
          <h3>The same on a large model: {flash.model}</h3>
          <p class="about">{flash.note}</p>
          <Picture bars={flashBars} label={`Bytes by part of ${flash.model}`} />
        </>
      )}
    </section>
  );
}
