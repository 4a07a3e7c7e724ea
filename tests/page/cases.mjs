// cases.mjs SAMPLE.json FOLDER: ladders with parts missing or hostile, made from the sample, as FOLDER/NAME.json.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [sampleFile, folder] = process.argv.slice(2);
const sample = () => JSON.parse(readFileSync(sampleFile, "utf8"));
const attack = `</script><script>window.rungInjected=1</script><img src=x onerror="window.rungInjected=1"><!--\u2028${"]]>"}`;

function oneRung() {
  const ladder = sample();
  ladder.rungs = ladder.rungs.slice(0, 1);
  ladder.findings = { first_to_fall: null, cliff: null, smallest_sound: null };
  return ladder;
}

function noPanel() {
  const ladder = sample();
  ladder.settings.panel = [];
  for (const rung of ladder.rungs) delete rung.panel;
  ladder.findings = { first_to_fall: null, cliff: null, smallest_sound: null };
  return ladder;
}

function noText() {
  const ladder = sample();
  ladder.settings.texts = [];
  for (const rung of ladder.rungs) for (const key of ["perplexity", "kld", "same_top", "tokens"]) rung[key] = null;
  return ladder;
}

/** Every string of the ladder, keys of the panels included, carries an attack; names stay distinct. */
function hostile() {
  const poison = (value, key) => {
    if (Array.isArray(value)) return value.map((each) => poison(each, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [key === "panel" ? name + attack : name, poison(each, name)]),
      );
    }
    return typeof value === "string" && !["kind", "verdict"].includes(key) ? value + attack : value;
  };
  return poison(sample());
}

function longNames() {
  const ladder = sample();
  ladder.model.name = `Qwen3-Coder-480B-A35B-Instruct-${"finetuned-merged-abliterated-".repeat(6)}GGUF`;
  ladder.command += ` --text ${"a_very_long_folder_name/".repeat(12)}prose.txt`;
  ladder.rungs.forEach((rung, index) => {
    if (index > 0) rung.name = `llama.cpp/${"very_long_recipe_name_".repeat(4)}${rung.name}`;
  });
  ladder.notes = ["x".repeat(600)];
  return ladder;
}

/** Two models on one chart, and nothing that newer documents have. */
function models() {
  const ladder = sample();
  for (const key of ["noise", "advice", "weights", "tests"]) delete ladder[key];
  const point = (model, rung) => ({ model, rung: rung.name, bytes: rung.bytes * (model === "B" ? 2 : 1), fits: true, score: rung.panel.math.score });
  ladder.models = {
    format: "rung-models",
    memory: 3e7,
    points: ["A", "B"].flatMap((model) => ladder.rungs.map((rung) => point(model, rung))),
    best: [{ capability: "math", best: { model: "B", rung: "q4_k" }, smallest_as_good: { model: "A", rung: "q4_k" } }],
  };
  const curve = (base) => [64, 256, 1024].map((context) => ({ context, mean: base * context }));
  ladder.plan = {
    format: "rung-plan",
    model: "A",
    devices: [{ bytes: 2e7 }],
    rungs: ladder.rungs.map((rung) => ({ name: rung.name, weights: { bytes: rung.bytes }, cache_bytes: 3e6, buffer_bytes: 1e6 })),
  };
  ladder.kv = {
    format: "rung-kv-ladder",
    types: ["q8_0", "q4_0", "kivi2", "nuq3"].map((name, index) => ({
      name,
      research: index > 0,
      bits_per_value: 8.5 / (index + 1),
      kld: curve(1e-6 * 8 ** index),
    })),
  };
  return ladder;
}

const cases = { sample, models, oneRung, noPanel, noText, hostile, longNames, empty: () => ({ rungs: [] }) };
mkdirSync(folder, { recursive: true });
for (const [name, make] of Object.entries(cases)) {
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(make()));
}
