// The texts to compare: written ones, llama.cpp's, files of this repository, and seeded random mixtures of fragments
// that meet at awkward places.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const written = [
  "",
  " ",
  "\n",
  "Hello, world!",
  " Hello  World\t\ttabs\r\nand\n\n\nlines \n \n end  ",
  "I'm you'll WE'RE they'D it'S don't won'T I'VE 'tis 'twas ''s 'S",
  "0 1 12 123 1234 12345 1234567890 3.14159 1,000,000 -42 1e-9 0x1F \u00bd \u00b2 \u0664\u0662 \u4e09\u5341",
  "def f(x):\n    return [i ** 2 for i in range(x) if i % 3 == 0]\n\n\nclass A(B):\n\tpass\n",
  "for (int i = 0; i < n; ++i) { a[i] += b[i] * 2; } // sum\n#include <vector>\n",
  '{"name": "get_weather", "arguments": {"city": "Z\u00fcrich", "days": [1, 2, 3]}}',
  "SELECT * FROM t WHERE a<=5 AND b!='x' -- comment",
  "https://example.org/path?q=1&r=%20#frag user.name+tag@mail.example",
  "\u00c5ngstr\u00f6m na\u00efve caf\u00e9 \u0153uvre stra\u00dfe \u0130stanbul \u0131\u015f\u0131k",
  "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
  "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u3053\u3093\u306b\u3061\u306f\u4e16\u754c\uff01\uc548\ub155\ud558\uc138\uc694 \uc138\uacc4 \u6f22\u5b57\u304b\u306a\u4ea4\u3058\u308a\u6587",
  "\u0939\u093f\u0928\u094d\u0926\u0940 \u09ac\u09be\u0982\u09b2\u09be \u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u1019\u103c\u1014\u103a\u1019\u102c \u1781\u17d2\u1798\u17c2\u179a \u1275\u130d\u122d\u129b",
  "\u{1F600}\u{1F468}\u200d\u{1F469}\u200d\u{1F467}\u200d\u{1F466} \u{1F1E8}\u{1F1ED} \u{1F44D}\u{1F3FD} \u2764\ufe0f \u{1F9D1}\u200d\u{1F680}!!",
  "\u00a0nbsp\u2003em\u3000wide\u2028line\u2029par\u0085nel\u200bzero\ufeffbom\u00adsoft",
  "\u2211\u222b\u2202\u2260\u2264\u221e \u{1D4D0}\u{1D7D8} \u2460 \u2167 \u2122\u00ae \u20ac\u00a3\u00a5",
  "a\u0301e\u0300o\u0302 \u0915\u094d\u0937 \ufb01 x\u0336y\u0336",
  "control \u0000\u0001\u001b[31m red \u007f\u0080 end",
  " ".repeat(200) + "x" + "\t".repeat(50) + "\n".repeat(60) + " ".repeat(7) + "\n",
  "a".repeat(300) + "=".repeat(120) + "-".repeat(80) + "9".repeat(100) + "\u4e2d".repeat(50),
];

const fragments = [
  " ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n", "\u00a0", "\u3000", "a", "I", "the", " the", "Don", "'t", "'ll", "'RE", "'",
  "\u2019s", "1", "23", "456", "7890", "\u0661", "\u00bd", ".", ",", "...", "!?", "(", ")", "{}", "=>", "_", "__init__", "#", "//", "\\n",
  "\u00e9", "\u00df", "\u0416", "\u043f\u0440\u0438", "\u0645\u0631", "\u4e2d", "\u6587\u5b57", "\u304b\u306a", "\ud55c\uae00", "\u0915\u094d", "\u0e01\u0e33", "\u{1F600}", "\u200d", "\ufe0f", "\u{1D4D0}",
  "\u0000", "\u001f", "<", "|", ">", "<|", "|>", "<|im", "think>", "camelCase", "UPPER", "MiXed", "e\u0301",
];

/** Mulberry32: the same numbers in every run. */
function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mixtures(count, specials) {
  const random = randomNumbers(20240607);
  const parts = [...fragments, ...specials];
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random(24) }, () => parts[random(parts.length)]).join(""),
  );
}

/** Turns of a chat as the model's own template would write them, special tokens included. */
function chats(specials) {
  const [open, close] = specials;
  return [
    `${open}user\nWhat is 17 * 23?${close}\n${open}assistant\n391${close}\n`,
    specials.join(""),
    specials.join(" "),
    specials.join("\n  x  \n"),
    `${open.slice(0, -1)} ${close}${close.slice(0, 3)}`,
  ];
}

export function corpus(root, specials) {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const llamaCpp = read("testdata/tokenizers/llama.cpp.inp").split("\n__ggml_vocab_test__\n");
  const files = ["models/pico-moe/prose.txt", "src/text/tokenizer.cc", "CMakeLists.txt"].map(read);
  return [...written, ...llamaCpp, ...files, ...chats(specials), ...mixtures(2000, specials)];
}
