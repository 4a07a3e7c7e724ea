// Numbers as text. A missing number is an en dash everywhere.

export const missing = "\u2013";

export function fixed(value: number | null, digits: number): string {
  return value === null ? missing : value.toFixed(digits);
}

/** Bits per weight with as many digits as tell neighbouring formats apart. */
export function bits(value: number | null): string {
  return fixed(value, 2);
}

/** A share of 1 as a percentage without the sign; full marks need no decimals. */
export function percent(value: number | null, digits = 1): string {
  return value === null ? missing : (100 * value).toFixed(digits).replace(/\.0+$/, "");
}

/** Decimal units, as file managers and model pages show them. */
export function bytes(value: number | null): string {
  if (value === null) return missing;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit + 1 < units.length) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? scaled : scaled.toFixed(scaled < 99.95 ? 1 : 0)} ${units[unit]}`;
}

/** 20775040 -> "20.8 million". */
export function count(value: number | null): string {
  if (value === null) return missing;
  const steps: [number, string][] = [
    [1e12, "trillion"],
    [1e9, "billion"],
    [1e6, "million"],
  ];
  for (const [size, word] of steps) if (value >= size) return `${(value / size).toFixed(1)} ${word}`;
  return value.toLocaleString("en-US");
}

/** KL divergence spans five orders of magnitude, so it gets three significant digits, never an exponent above 1e-5. */
export function kld(value: number | null): string {
  if (value === null) return missing;
  if (value === 0) return "0";
  if (Math.abs(value) < 1e-5) return value.toExponential(1);
  const digits = Math.min(7, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(digits);
}

/** The error beside a value, with two significant digits. */
export function error(value: number | null): string {
  if (value === null) return "";
  const digits = value > 0 ? Math.min(7, Math.max(0, 1 - Math.floor(Math.log10(value)))) : 0;
  return `\u00b1\u202f${value.toFixed(digits)}`;
}

/** "a", "a and b", "a, b and c". */
export function enumerate(words: string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

/** Long names keep their two ends, which is where quantization names differ. */
export function shorten(name: string, most: number): string {
  if (name.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${name.slice(0, head)}\u2026${name.slice(name.length - (most - 1 - head))}`;
}
