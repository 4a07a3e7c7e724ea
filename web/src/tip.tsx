// What is shown beside the point under the pointer or the focus.
import { bits, bytes, error, fixed, kld, percent } from "./format";
import { qualityKept, type Rung } from "./ladder";
import type { Frame } from "./plot";

/** Where the tip stands: beside its point, or on a narrow screen under the axis, so that it never covers the plot. */
export function beside(x: number, y: number, width: number) {
  const room = 256;
  const left = x + 20 + room > width ? x - room - 20 : x + 20;
  return { left: `${left}px`, top: `${Math.max(0, y - 40)}px`, width: `${room}px` };
}

export const below = (frame: Frame) => ({ left: "0", top: `${frame.height - 4}px`, width: "100%" });

export function Tip({ rung, style }: { rung: Rung; style: Record<string, string> }) {
  const kept = qualityKept(rung);
  return (
    <div class="tip" aria-hidden="true" style={style}>
      <strong>{rung.name}</strong>
      <p>{rung.description}</p>
      <dl>
        <dt>bits per weight</dt>
        <dd>{bits(rung.bits)}</dd>
        <dt>file</dt>
        <dd>{bytes(rung.bytes)}</dd>
        {kept && <dt>quality kept</dt>}
        {kept && <dd>{percent(kept.mean)} %</dd>}
        {kept && <dt>95 % interval</dt>}
        {kept && <dd>{`${percent(kept.low)}\u2013${percent(kept.high)} %`}</dd>}
        {kept && kept.worst.retained < 1 && <dt>lowest: {kept.worst.capability}</dt>}
        {kept && kept.worst.retained < 1 && <dd>{percent(kept.worst.retained)} %</dd>}
        <dt>perplexity</dt>
        <dd>{fixed(rung.perplexity, 2)}</dd>
        {rung.kld && <dt>mean KL</dt>}
        {rung.kld && <dd>{`${kld(rung.kld.mean)} ${error(rung.kld.meanError)}`}</dd>}
        {rung.sameTop !== null && <dt>same top token</dt>}
        {rung.sameTop !== null && <dd>{percent(rung.sameTop)} %</dd>}
      </dl>
    </div>
  );
}
