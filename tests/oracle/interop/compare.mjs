// Compares a GGUF file as Rung sees it with what two other implementations see.
//   node compare.mjs MODEL.gguf PROBABILITIES.json INSPECT.json
// PROBABILITIES.json is what next_token_probabilities prints for the file, INSPECT.json what `rung inspect --json`
// prints.
// 1. @huggingface/gguf reads the file, and the name, type and shape of every tensor are the same.
// 2. llama.cpp, in the prebuilt CPU program of node-llama-cpp, loads it, and no probability of a next token differs
//    from Rung's by more than LARGEST_DIFFERENCE (README.md says at which positions).
// Exit status: 0 all agree, 1 something differs or does not load.
import { readFile } from "node:fs/promises";
import { GGMLQuantizationType, gguf } from "@huggingface/gguf";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const LARGEST_DIFFERENCE = 0.02;
const EVERY_TOKEN = { temperature: 1, topK: 0, topP: 1, minP: 0 };  // the distribution as it is, nothing cut off
const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));

function tensorFaults(parsed, inspected) {
  const faults = [];
  const ours = new Map(inspected.tensors.map((tensor) => [tensor.name, tensor]));
  for (const theirs of parsed.tensorInfos) {
    const tensor = ours.get(theirs.name);
    ours.delete(theirs.name);
    const seen = `${GGMLQuantizationType[theirs.dtype].toLowerCase()} ${theirs.shape.join("x")}`;
    const claimed = tensor && `${tensor.type} ${tensor.shape.join("x")}`;
    if (seen !== claimed) faults.push(`${theirs.name}: rung inspect says ${claimed}, @huggingface/gguf says ${seen}`);
  }
  for (const name of ours.keys()) faults.push(`${name}: only rung inspect sees it`);
  return faults;
}

// Map from token to probability for each of the sequence's positions.
async function llamaProbabilities(model, sequence) {
  const context = await model.createContext({ contextSize: sequence.tokens.length + 8, flashAttention: false });
  const wanted = new Set(sequence.positions);
  const input = sequence.tokens.map((token, position) =>
    wanted.has(position) ? [token, { generateNext: { probabilities: true, options: EVERY_TOKEN } }] : token);
  const output = await context.getSequence().controlledEvaluate(input);
  await context.dispose();
  return sequence.positions.map((position) => output[position].next.probabilities);
}

async function probabilityDifferences(modelPath, sequences) {
  const llama = await getLlama({ build: "never", gpu: false, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath });
  const differences = [];
  for (const sequence of sequences) {
    const theirs = await llamaProbabilities(model, sequence);
    for (const [row, position] of sequence.positions.entries()) {
      const ours = sequence.probabilities[row];
      if (theirs[row].size !== ours.length)
        throw new Error(`position ${position}: ${ours.length} probabilities, llama.cpp has ${theirs[row].size}`);
      let largest = { position, difference: 0 };
      for (const [token, probability] of theirs[row]) {
        const difference = Math.abs(probability - ours[token]);
        if (!(difference <= largest.difference))
          largest = { position, token, difference, ours: ours[token], theirs: probability };
      }
      differences.push(largest);
    }
  }
  await llama.dispose();
  return differences;
}

const [modelPath, probabilitiesPath, inspectPath] = process.argv.slice(2);
if (!inspectPath) {
  console.error("usage: node compare.mjs MODEL.gguf PROBABILITIES.json INSPECT.json");
  process.exit(2);
}
const parsed = await gguf(modelPath, { allowLocalFile: true });
const faults = tensorFaults(parsed, await readJson(inspectPath));
console.log(`${parsed.tensorInfos.length} tensors read by @huggingface/gguf`);

const differences = await probabilityDifferences(modelPath, (await readJson(probabilitiesPath)).sequences);
const largest = differences.reduce((one, other) => (other.difference > one.difference ? other : one));
console.log(`${differences.length} positions, largest difference of a probability ${largest.difference.toFixed(5)}`);
if (!(largest.difference <= LARGEST_DIFFERENCE)) faults.push(`position ${largest.position}, token ${largest.token}: ` +
  `Rung says ${largest.ours}, llama.cpp ${largest.theirs}; at most ${LARGEST_DIFFERENCE} is allowed`);

for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
