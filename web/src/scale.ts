// Scales, ticks and the placing of labels: pure geometry in pixels.

export type Scale = (value: number) => number;

export function linear(domain: [number, number], range: [number, number]): Scale {
  const span = domain[1] - domain[0] || 1;
  return (value) => range[0] + ((value - domain[0]) / span) * (range[1] - range[0]);
}

/** Domain limits must be positive. */
export function logarithmic(domain: [number, number], range: [number, number]): Scale {
  const inner = linear([Math.log(domain[0]), Math.log(domain[1])], range);
  return (value) => inner(Math.log(Math.max(value, Number.MIN_VALUE)));
}

/** Round steps of 1, 2 or 5 times a power of ten, at most `most` intervals. */
export function linearTicks(domain: [number, number], most: number): number[] {
  const span = domain[1] - domain[0];
  if (!(span > 0)) return [domain[0]];
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10);
  const ticks: number[] = [];
  for (let index = Math.ceil(domain[0] / step - 1e-9); index * step <= domain[1] + step * 1e-9; index += 1) {
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

/** The powers of ten around [low, high], both included. */
export function decades(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low) + 1e-9); power <= Math.ceil(Math.log10(high) - 1e-9); power += 1) {
    ticks.push(Number(`1e${power}`));
  }
  return ticks;
}

/** Whole bit widths that people name, inside the domain. */
export function bitTicks(domain: [number, number]): number[] {
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32].filter((tick) => tick >= domain[0] && tick <= domain[1]);
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Anchor {
  x: number;
  y: number;
  width: number;
  /** Height of the interval's whisker above and below the point, which labels keep clear of. */
  above?: number;
  below?: number;
}

export interface Label extends Box {
  /** Far enough from its point to need a line to it. */
  leader: boolean;
}

const overlaps = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

function candidates(anchor: Anchor, height: number, reach: number): Label[] {
  const found: Label[] = [];
  const gap = 9;
  const spot = (x: number, y: number, leader: boolean) =>
    found.push({ x, y, width: anchor.width, height, leader });
  const centre = anchor.x - anchor.width / 2;
  spot(centre, anchor.y - (anchor.above ?? 0) - gap - height, false);
  spot(centre, anchor.y + (anchor.below ?? 0) + gap, false);
  spot(anchor.x + gap, anchor.y - height / 2, false);
  spot(anchor.x - gap - anchor.width, anchor.y - height / 2, false);
  for (let step = 1; step <= reach; step += 1) {
    for (const shift of [0, 0.5, -0.5, 1, -1]) {
      const x = centre + shift * anchor.width;
      spot(x, anchor.y + (anchor.below ?? 0) + gap + step * height, true);
      spot(x, anchor.y - (anchor.above ?? 0) - gap - (step + 1) * height, true);
    }
  }
  return found;
}

/** Small boxes along a polyline, for labels to keep clear of. */
export function alongLine(corners: { x: number; y: number }[]): Box[] {
  return corners.slice(1).flatMap((end, index) => {
    const start = corners[index]!;
    const steps = Math.max(1, Math.ceil(Math.hypot(end.x - start.x, end.y - start.y) / 6));
    return Array.from({ length: steps + 1 }, (_, step) => ({
      x: start.x + ((end.x - start.x) * step) / steps - 1,
      y: start.y + ((end.y - start.y) * step) / steps - 1,
      width: 2,
      height: 2,
    }));
  });
}

/**
 * Greedy placing: each label takes the first spot inside the frame that overlaps no point, no label placed before, and, if
 * there is such a spot, no obstacle. A label without any free spot is left out (null); the table and the point's own text
 * still name it.
 */
export function placeLabels(
  anchors: Anchor[],
  height: number,
  frame: Box,
  obstacles: Box[] = [],
  reach = 14,
): (Label | null)[] {
  const taken: Box[] = anchors.map((anchor) => ({
    x: anchor.x - 6,
    y: anchor.y - 6 - (anchor.above ?? 0),
    width: 12,
    height: 12 + (anchor.above ?? 0) + (anchor.below ?? 0),
  }));
  return anchors.map((anchor) => {
    const free = candidates(anchor, height, reach).filter(
      (spot) =>
        spot.x >= frame.x &&
        spot.y >= frame.y &&
        spot.x + spot.width <= frame.x + frame.width &&
        spot.y + spot.height <= frame.y + frame.height &&
        !taken.some((box) => overlaps(spot, box)),
    );
    const best = free.find((spot) => !obstacles.some((box) => overlaps(spot, box))) ?? free[0];
    if (best === undefined) return null;
    taken.push(best);
    return best;
  });
}
