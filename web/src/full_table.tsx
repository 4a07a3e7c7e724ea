// Every number of the ladder, one row a rung, sortable by any column.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { bits, bytes, error, fixed, kld, missing, percent } from "./format";
import type { Ladder, Rung, Score } from "./ladder";
import { nextOrder, sorted, type Order, type Value } from "./sort";

interface Column {
  key: string;
  title: string;
  unit: string;
  value: (rung: Rung) => Value;
  cell: (rung: Rung) => ComponentChildren;
}

const withError = (shown: string, spread: string) => (
  <>
    {shown} {spread && <small>{spread}</small>}
  </>
);

const textColumns: Column[] = [
  { key: "bits", title: "bits", unit: "per weight", value: (rung) => rung.bits, cell: (rung) => bits(rung.bits) },
  { key: "bytes", title: "file", unit: "size", value: (rung) => rung.bytes, cell: (rung) => bytes(rung.bytes) },
  {
    key: "perplexity",
    title: "perplexity",
    unit: "\u00b1 error",
    value: (rung) => rung.perplexity,
    cell: (rung) => withError(fixed(rung.perplexity, 2), error(rung.perplexityError)),
  },
  {
    key: "kld",
    title: "mean KL",
    unit: "\u00b1 error",
    value: (rung) => rung.kld?.mean ?? null,
    cell: (rung) => withError(kld(rung.kld?.mean ?? null), error(rung.kld?.meanError ?? null)),
  },
  {
    key: "p999",
    title: "KL 99.9 %",
    unit: "quantile",
    value: (rung) => rung.kld?.p999 ?? null,
    cell: (rung) => kld(rung.kld?.p999 ?? null),
  },
  {
    key: "top",
    title: "same top",
    unit: "% tokens",
    value: (rung) => rung.sameTop,
    cell: (rung) =>
      withError(percent(rung.sameTop), error(rung.sameTopError === null ? null : 100 * rung.sameTopError)),
  },
];

function ScoreCell({ score, reference }: { score: Score | undefined; reference: boolean }) {
  if (score === undefined) return <>{missing}</>;
  const interval = score.low === null || score.high === null ? "" : `${percent(score.low, 0)}\u2013${percent(score.high, 0)}`;
  const sign = { degraded: " \u25bc", unclear: " ?", holds: "", unknown: "" }[score.verdict];
  const words = { degraded: "degraded", unclear: "too few items to tell", holds: "", unknown: "" }[score.verdict];
  return (
    <>
      {percent(score.score)} <small>{interval}</small>
      {!reference && (
        <small class={`kept ${score.verdict}`}>
          <span class="hidden">keeps </span>
          {percent(score.retained)}
          {score.retained !== null && " %"}
          <span aria-hidden="true">{sign}</span>
          {words && <span class="hidden">, {words}</span>}
        </small>
      )}
    </>
  );
}

function panelColumn(capability: string): Column {
  return {
    key: `panel:${capability}`,
    title: capability,
    unit: "%",
    value: (rung) => rung.panel.get(capability)?.score ?? null,
    cell: (rung) => <ScoreCell score={rung.panel.get(capability)} reference={rung.kind === "reference"} />,
  };
}

function HeadCell({ column, order, onSort }: { column: Column; order: Order | null; onSort: (key: string) => void }) {
  const sortedHere = order?.key === column.key ? order.direction : "none";
  return (
    <th scope="col" aria-sort={sortedHere}>
      <button type="button" onClick={() => onSort(column.key)}>
        <span class="title">{column.title}</span>
        <small>
          {column.unit}
          <span class="arrow" aria-hidden="true">
            {{ none: "\u2195", ascending: "\u2191", descending: "\u2193" }[sortedHere]}
          </span>
        </small>
      </button>
    </th>
  );
}

export function FullTable({ ladder }: { ladder: Ladder }) {
  const [order, setOrder] = useState<Order | null>(null);
  const nameColumn: Column = { key: "name", title: "rung", unit: "name", value: (rung) => rung.name, cell: (rung) => rung.name };
  const columns = [...textColumns, ...ladder.capabilities.map(panelColumn)];
  const chosen = [nameColumn, ...columns].find((column) => column.key === order?.key);
  const rows = order && chosen ? sorted(ladder.rungs, chosen.value, order.direction) : ladder.rungs;
  const onSort = (key: string) => setOrder(nextOrder(order, key));
  return (
    <section aria-labelledby="numbers">
      <h2 id="numbers">All numbers</h2>
      <p class="about">
        A heading sorts by its column. &plusmn; is the standard error.
        {ladder.capabilities.length > 0 &&
          " Under each score, in percent, stand its 95 % interval and the share of the reference's score that is kept."}
      </p>
      <div class="scroll" role="region" aria-labelledby="numbers" tabindex={0}>
        <table class="numbers" id="rungs">
          <caption class="hidden">Every rung of the ladder with its size, text statistics and scores</caption>
          <thead>
            <tr>
              <HeadCell column={nameColumn} order={order} onSort={onSort} />
              {columns.map((column) => (
                <HeadCell key={column.key} column={column} order={order} onSort={onSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((rung) => (
              <tr key={rung.name} class={rung.kind}>
                <th scope="row" title={rung.description}>
                  {rung.name}
                  <small>{[rung.kind, rung.calibration === "none" ? "" : rung.calibration].filter(Boolean).join(", ")}</small>
                </th>
                {columns.map((column) => (
                  <td key={column.key}>{column.cell(rung)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
