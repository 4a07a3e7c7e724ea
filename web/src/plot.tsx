// One plot of rungs: axes, bands, a line through some of them, whiskers, markers and labels.
import { shorten } from "./format";
import type { Kind } from "./ladder";
import { alongLine, placeLabels, type Scale } from "./scale";

export interface Point {
  name: string;
  kind: Kind;
  /** Where it stands on the horizontal axis. */
  at: number;
  value: number;
  low: number | null;
  high: number | null;
  /** Everything known about the rung in one sentence, for screen readers. */
  spoken: string;
}

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The cliff: the stretch of the horizontal axis it spans and the two rungs on its edges. */
export interface Band {
  from: number;
  to: number;
  above?: string;
  below?: string;
  label: string;
}

/** What is no difference yet: values below `to`. */
export interface Floor {
  to: number;
  label: string;
}

export interface Tick {
  at: number;
  text: string;
}

interface Props {
  title: string;
  frame: Frame;
  points: Point[];
  x: Scale;
  y: Scale;
  xTicks: Tick[];
  xName: string;
  ticks: Tick[];
  band?: Band | null;
  floor?: Floor | null;
  /** The points that the line connects. */
  line: Point[];
  active: string | null;
  onActive: (name: string | null) => void;
}

interface Corner {
  x: number;
  y: number;
}

const labelHeight = 15;
const letterWidth = 6.7;

/** Shape as well as colour tells the kinds apart: disc for a type, diamond for a recipe, square for the reference. */
export function Marker({ kind, x, y, size }: { kind: Kind; x: number; y: number; size: number }) {
  if (kind === "recipe") {
    const reach = size * 1.3;
    return <path class="mark recipe" d={`M${x} ${y - reach}L${x + reach} ${y}L${x} ${y + reach}L${x - reach} ${y}Z`} />;
  }
  if (kind === "reference") {
    return <rect class="mark reference" x={x - size} y={y - size} width={2 * size} height={2 * size} />;
  }
  return <circle class="mark type" cx={x} cy={y} r={size} />;
}

function Axes({ frame, x, y, xTicks, xName, ticks }: Pick<Props, "frame" | "x" | "y" | "xTicks" | "xName" | "ticks">) {
  const floor = frame.height - frame.bottom;
  return (
    <g class="axes" aria-hidden="true">
      {ticks.map((tick) => (
        <g key={tick.at}>
          <line x1={frame.left} x2={frame.width - frame.right} y1={y(tick.at)} y2={y(tick.at)} />
          <text x={frame.left - 8} y={y(tick.at) + 4} text-anchor="end">
            {tick.text}
          </text>
        </g>
      ))}
      {xTicks.map((tick) => (
        <g key={tick.at}>
          <line class="tick" x1={x(tick.at)} x2={x(tick.at)} y1={floor} y2={floor + 5} />
          <text x={x(tick.at)} y={floor + 19} text-anchor="middle">
            {tick.text}
          </text>
        </g>
      ))}
      <line class="base" x1={frame.left} x2={frame.width - frame.right} y1={floor} y2={floor} />
      <text class="axis-name" x={frame.width - frame.right} y={frame.height - 4} text-anchor="end">
        {xName}
      </text>
    </g>
  );
}

function CliffBand({ frame, x, band }: { frame: Frame; x: Scale; band: Band }) {
  const middle = (x(band.from) + x(band.to)) / 2;
  const width = Math.max(8, x(band.to) - x(band.from));
  const left = middle - width / 2;
  return (
    <g class="cliff" aria-hidden="true">
      <rect x={left} y={frame.top} width={width} height={frame.height - frame.top - frame.bottom} />
      <text x={Math.max(frame.left + 2, left)} y={frame.top - 7}>
        {band.label}
      </text>
    </g>
  );
}

function FloorBand({ frame, y, floor }: { frame: Frame; y: Scale; floor: Floor }) {
  const bottom = frame.height - frame.bottom;
  const top = Math.min(bottom, Math.max(frame.top, y(floor.to)));
  return (
    <g class="floor" aria-hidden="true">
      <rect x={frame.left} y={top} width={frame.width - frame.left - frame.right} height={Math.max(1, bottom - top)} />
      <text x={frame.left + 6} y={Math.min(bottom - 4, top + 14)}>
        {floor.label}
      </text>
    </g>
  );
}

function Whisker({ point, x, y }: { point: Point; x: Scale; y: Scale }) {
  if (point.low === null || point.high === null) return null;
  const at = x(point.at);
  const [top, floor] = [y(point.high), y(point.low)];
  return <path class={`whisker ${point.kind}`} d={`M${at - 4} ${top}h8M${at} ${top}V${floor}M${at - 4} ${floor}h8`} />;
}

function Labels({ frame, points, x, y, lines }: Pick<Props, "frame" | "points" | "x" | "y"> & { lines: Corner[][] }) {
  const texts = points.map((point) => shorten(point.name, 18));
  const anchors = points.map((point, index) => ({
    x: x(point.at),
    y: y(point.value),
    width: texts[index]!.length * letterWidth + 4,
    above: point.high === null ? 0 : Math.max(0, y(point.value) - y(point.high)),
    below: point.low === null ? 0 : Math.max(0, y(point.low) - y(point.value)),
  }));
  const inside = {
    x: frame.left,
    y: frame.top,
    width: frame.width - frame.left - frame.right + 18,
    height: frame.height - frame.top - frame.bottom - 2,
  };
  const labels = placeLabels(anchors, labelHeight, inside, lines.flatMap(alongLine));
  return (
    <g class="labels" aria-hidden="true">
      {labels.map((label, index) => {
        if (label === null) return null;
        const anchor = anchors[index]!;
        const middle = label.x + label.width / 2;
        const below = label.y > anchor.y;
        return (
          <g key={points[index]!.name}>
            {label.leader && (
              <line
                x1={anchor.x}
                y1={below ? anchor.y + anchor.below + 4 : anchor.y - anchor.above - 4}
                x2={Math.min(Math.max(anchor.x, label.x + 4), label.x + label.width - 4)}
                y2={below ? label.y + 2 : label.y + label.height}
              />
            )}
            <text class={points[index]!.kind} x={middle} y={label.y + 11.5} text-anchor="middle">
              {texts[index]}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** One tab stop a plot; arrow keys walk along the rungs. */
function Points({ points, x, y, active, onActive }: Pick<Props, "points" | "x" | "y" | "active" | "onActive">) {
  const focusable = points.some((point) => point.name === active) ? active : points[points.length - 1]?.name;
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (event.key === "Escape") onActive(null);
    if (step === undefined) return;
    event.preventDefault();
    const group = (event.currentTarget as Element).parentElement!;
    const here = [...group.children].indexOf(event.currentTarget as Element);
    (group.children[here + step] as SVGElement | undefined)?.focus();
  };
  return (
    <g>
      {points.map((point) => (
        <g
          key={point.name}
          class={`point ${point.name === active ? "active" : ""}`}
          role="img"
          aria-label={point.spoken}
          tabindex={point.name === focusable ? 0 : -1}
          onFocus={() => onActive(point.name)}
          onBlur={() => onActive(null)}
          onKeyDown={onKey}
          onPointerEnter={() => onActive(point.name)}
          onPointerLeave={() => onActive(null)}
        >
          <circle class="reach" cx={x(point.at)} cy={y(point.value)} r={14} />
          <Marker kind={point.kind} x={x(point.at)} y={y(point.value)} size={point.name === active ? 6.5 : 4.5} />
        </g>
      ))}
    </g>
  );
}

export function Plot(props: Props) {
  const { title, frame, points, x, y, band = null, floor = null } = props;
  const place = (point: Point): Corner => ({ x: x(point.at), y: y(point.value) });
  const path = (corners: Corner[]) => corners.map((corner) => `${corner.x},${corner.y}`).join(" ");
  const line = props.line.map(place);
  const fall = points.filter((point) => band !== null && (point.name === band.above || point.name === band.below)).map(place);
  return (
    <svg viewBox={`0 0 ${frame.width} ${frame.height}`} width={frame.width} height={frame.height} role="group" aria-label={title}>
      <title>{title}</title>
      {band && <CliffBand frame={frame} x={x} band={band} />}
      {floor && <FloorBand frame={frame} y={y} floor={floor} />}
      <Axes {...props} />
      {line.length > 1 && <polyline class="curve" points={path(line)} />}
      {fall.length === 2 && <polyline class="curve fall" points={path(fall)} />}
      {points.map((point) => (
        <Whisker key={point.name} point={point} x={x} y={y} />
      ))}
      <Labels {...props} lines={[line, fall]} />
      <Points {...props} />
    </svg>
  );
}
