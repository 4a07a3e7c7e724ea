import { AdviceSection } from "./advice";
import { BlockPicture } from "./blocks";
import { CollapseOrder } from "./collapse";
import { Curve } from "./curve";
import { FullTable } from "./full_table";
import { Header } from "./header";
import { HeatMap } from "./heat_map";
import { KvChart } from "./kv";
import { KlHistogram } from "./kl_histogram";
import type { Ladder } from "./ladder";
import { Method, Reading } from "./method";
import { Pareto } from "./pareto";
import { PlanChart } from "./plan";
import { Weights } from "./weights";

export function App({ ladder }: { ladder: Ladder }) {
  return (
    <>
      <a class="skip" href="#numbers">
        Skip to the table of numbers
      </a>
      <Header ladder={ladder} />
      <main>
        <Curve ladder={ladder} />
        <HeatMap ladder={ladder} />
        <CollapseOrder ladder={ladder} />
        <AdviceSection ladder={ladder} />
        <Pareto ladder={ladder} />
        <BlockPicture ladder={ladder} />
        <KlHistogram ladder={ladder} />
        <Weights ladder={ladder} />
        <KvChart kv={ladder.kv} />
        <PlanChart plan={ladder.plan} />
        <FullTable ladder={ladder} />
        <Reading ladder={ladder} />
        <Method ladder={ladder} />
      </main>
      <footer>
        Written by {ladder.program || "Rung"}. This file is complete: it loads nothing from anywhere.
      </footer>
    </>
  );
}
