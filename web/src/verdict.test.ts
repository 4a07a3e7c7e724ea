import { expect, test } from "vitest";
import { smallLadder } from "./fixture";
import { readLadder } from "./ladder";
import { verdict } from "./verdict";

const math = { rung: "q2", bits: 2.63, capabilities: ["math"] };

test("the usual ladder names the last sound rung and the first to fall", () => {
  const ladder = smallLadder({ fall: math, sound: { rung: "q4", bits: 4.5 } });
  expect(verdict(ladder)).toBe("Down to q4 (4.5 bits a weight) every capability holds; math breaks first, at q2 (2.6 bits a weight).");
});

test("several fall together, or all of them", () => {
  const two = smallLadder({ fall: { ...math, capabilities: ["math", "code"] }, sound: { rung: "q4", bits: 4.5 } });
  expect(verdict(two)).toContain("math and code break first");
  const all = smallLadder({ fall: { ...math, capabilities: ["math", "code", "tools"] }, sound: { rung: "q4", bits: 4.5 } });
  expect(verdict(all)).toContain("all capabilities break together");
});

test("a sound recipe below a damaged type does not become 'down to'", () => {
  const text = verdict(smallLadder({ fall: { ...math, bits: 4.5 }, sound: { rung: "asymmetric", bits: 3.8 } }));
  expect(text).toMatch(/^Every capability holds on asymmetric \(3.8 bits a weight\), although math breaks first/);
});

test("the reference alone being sound is not praised", () => {
  const text = verdict(smallLadder({ fall: math, sound: { rung: "bf16", bits: 16 } }));
  expect(text).toMatch(/^No smaller rung is sure to hold every capability; math breaks first/);
  expect(verdict(smallLadder({ fall: math }))).toBe(text);
});

test("absence of proof is not called health", () => {
  expect(verdict(smallLadder({}))).toContain("too few items");
  expect(verdict(smallLadder({ sound: { rung: "q2", bits: 2.6 } }))).toContain("No rung damages any capability");
});

test("missing parts", () => {
  expect(verdict(readLadder(null))).toBe("This ladder has no rungs.");
  expect(verdict(smallLadder({ names: ["bf16"] }))).toContain("nothing to compare");
  const text = verdict(smallLadder({ panel: false }));
  expect(text).toContain("No capability was tested");
  expect(text).toContain("at q2 (5.3 bits a weight) the KL divergence is 0.0200 and 90 % of");
  expect(verdict(smallLadder({ panel: false, names: ["bf16"] }))).toContain("nothing to compare");
});
