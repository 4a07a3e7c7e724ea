// Opens reports in headless Chromium and checks what a reader depends on.
//   node page_test.mjs NODE_FOLDER SCREENSHOT_FOLDER REPORT...
// REPORT is a path without suffix: REPORT.html is opened, REPORT.json is the ladder it was made from. NODE_FOLDER holds
// node_modules with playwright-core and axe-core. Exit status: 0 passed, 1 failed, 77 Chromium is not installed.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { browserPath, launch } from "./browser.mjs";

const [nodeFolder, shots, ...reports] = process.argv.slice(2);
if (reports.length === 0) {
  console.error("usage: node page_test.mjs NODE_FOLDER SCREENSHOT_FOLDER REPORT...");
  process.exit(1);
}
if (!existsSync(browserPath)) {
  console.log(`skipped: ${browserPath} is not installed`);
  process.exit(77);
}

const require = createRequire(resolve(nodeFolder, "package.json"));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const failures = [];
const check = (ok, what) => {
  if (!ok) failures.push(what);
};

const views = [
  { name: "1280-light", width: 1280, height: 900, scheme: "light" },
  { name: "1280-dark", width: 1280, height: 900, scheme: "dark" },
  { name: "390-light", width: 390, height: 844, scheme: "light" },
  { name: "390-dark", width: 390, height: 844, scheme: "dark" },
];

/** What the page shows, read inside the browser. */
function survey() {
  const size = (element) => {
    const box = element.getBoundingClientRect();
    return box.width * box.height;
  };
  const channels = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
  return {
    plots: [...document.querySelectorAll("figure svg")].map((svg) => ({
      area: size(svg),
      points: svg.querySelectorAll(".point").length,
    })),
    pictures: Object.fromEntries(
      ["collapse-row", "kl-row", "level-row", "kv-line", "plan-row"].map((name) => [name, document.querySelectorAll(`.${name}`).length]),
    ),
    rows: document.querySelectorAll("#rungs tbody tr").length,
    rowTexts: [...document.querySelectorAll("#rungs tbody tr")].map((row) => row.textContent),
    heatRows: document.querySelectorAll(".heat tbody tr").length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    brightness: (channels[0] + channels[1] + channels[2]) / 3,
    heading: document.querySelector("h1")?.textContent,
    title: document.title,
    verdict: document.querySelector(".verdict")?.textContent ?? "",
    // Nothing of the page's own makes images or frames; one of these could only come from a string of the input.
    foreign: document.querySelectorAll("#page img, #page iframe, #page script, #page object, #page a[href^='javascript']").length,
    injected: "rungInjected" in window,
  };
}

function checkSurvey(ladder, view, seen) {
  const withBits = ladder.rungs.filter((rung) => rung.bits_per_weight > 0);
  const scored = withBits.filter((rung) => Object.keys(rung.panel ?? {}).length > 0).length;
  const compared = withBits.filter((rung) => rung.kld?.mean > 0).length;
  const sized = ladder.models ? ladder.models.points.length : scored;
  const expected = [scored, compared, sized > 1 ? sized : 0].filter((points) => points > 0);
  check(seen.plots.length === expected.length, `${view.name}: ${seen.plots.length} plots, expected ${expected.length}`);
  seen.plots.forEach((plot, index) => {
    check(plot.area > 40000, `${view.name}: plot ${index} covers only ${plot.area} square pixels`);
    check(plot.points === expected[index], `${view.name}: plot ${index} has ${plot.points} points, not ${expected[index]}`);
  });
  const pictures = {
    "collapse-row": ladder.findings?.collapse?.length ?? 0,
    "kl-row": ladder.rungs.filter((rung) => rung.kld?.histogram?.counts?.length > 0).length,
    "level-row": (ladder.weights?.formats?.length ?? 0) + (ladder.plan?.rungs?.length ?? 0),
    "kv-line": ladder.kv?.types?.length ?? 0,
    "plan-row": ladder.plan?.rungs?.length ?? 0,
  };
  for (const [name, count] of Object.entries(pictures))
    check(seen.pictures[name] === count, `${view.name}: ${seen.pictures[name]} of ${name}, not ${count}`);
  for (const rung of ladder.rungs.filter((each) => typeof each.perplexity === "number")) {
    const shown = seen.rowTexts.some((text) => text.includes(rung.perplexity.toFixed(2)));
    check(shown, `${view.name}: no row of the table has the perplexity ${rung.perplexity.toFixed(2)} of the document`);
  }
  check(seen.rows === ladder.rungs.length, `${view.name}: ${seen.rows} table rows for ${ladder.rungs.length} rungs`);
  const heatRows = ladder.rungs.filter((rung) => Object.keys(rung.panel ?? {}).length > 0).length;
  check(seen.heatRows === (heatRows > 1 ? heatRows : 0), `${view.name}: ${seen.heatRows} rows in the heat map, not ${heatRows}`);
  check(seen.overflow <= 0, `${view.name}: the page is ${seen.overflow} pixels wider than the window`);
  const name = ladder.model?.name ?? "Unnamed model";
  check(seen.heading === name, `${view.name}: heading "${seen.heading}"`);
  check(seen.title.includes("what each bit costs"), `${view.name}: title "${seen.title}"`);
  check(seen.verdict.length > 20, `${view.name}: no verdict`);
  check(seen.foreign === 0, `${view.name}: ${seen.foreign} elements that came from a string of the input`);
  check(!seen.injected, `${view.name}: a string of the input ran as a script`);
  const right = view.scheme === "dark" ? seen.brightness < 80 : seen.brightness > 200;
  check(right, `${view.name}: background brightness ${seen.brightness}`);
}

async function checkAccessibility(page, view) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  for (const violation of violations.filter((each) => ["serious", "critical"].includes(each.impact))) {
    const where = violation.nodes.slice(0, 3).map((node) => `${node.target} (${node.any[0]?.message ?? ""})`);
    check(false, `${view.name}: axe ${violation.id}: ${where.join("; ")}`);
  }
}

/** Keyboard and pointer: the tip opens on focus and follows the arrows; a click on a heading sorts. */
async function checkInteraction(page, view) {
  if ((await page.locator("figure svg .point").count()) > 1) {
    await page.locator("figure svg .point[tabindex='0']").first().focus();
    const first = await page.locator(".tip strong").textContent();
    await page.keyboard.press("ArrowLeft");
    const second = await page.locator(".tip strong").textContent();
    check(first !== second, `${view.name}: the arrow key leaves the tip at ${first}`);
    await page.keyboard.press("Escape");
    check((await page.locator(".tip").count()) === 0, `${view.name}: Escape leaves the tip open`);
  }
  // Clicked by script: a heading may be scrolled away inside its container.
  const heading = page.locator("#rungs thead th").nth(1);
  await heading.locator("button").dispatchEvent("click");
  check((await heading.getAttribute("aria-sort")) === "ascending", `${view.name}: a click does not sort`);
  const shown = await page.locator("#rungs tbody tr td:nth-child(2)").allTextContents();
  const values = shown.map(Number).filter(Number.isFinite);
  check(values.every((value, index) => index === 0 || values[index - 1] <= value), `${view.name}: sorted as ${values}`);
}

async function checkView(browser, report, view) {
  const ladder = JSON.parse(readFileSync(`${report}.json`, "utf8"));
  const context = await browser.newContext({
    viewport: { width: view.width, height: view.height },
    colorScheme: view.scheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const address = pathToFileURL(resolve(`${report}.html`)).href;
  page.on("pageerror", (error) => check(false, `${view.name}: page error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) check(false, `${view.name}: console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const own = request.url() === address || request.url().startsWith("data:");
    check(own, `${view.name}: the page asked for ${request.url()}`);
  });
  await page.goto(address);
  await page.waitForSelector("h1", { timeout: 15000 });
  await page.waitForTimeout(150); // one resize observation after the first layout
  checkSurvey(ladder, view, await page.evaluate(survey));
  await page.screenshot({ path: join(shots, `${basename(report)}-${view.name}.png`), fullPage: true });
  await checkInteraction(page, view);
  await checkAccessibility(page, view);
  await context.close();
}

const browser = await launch(chromium);
mkdirSync(shots, { recursive: true });
let failed = 0;
try {
  for (const report of reports) {
    failures.length = 0;
    const chosen = basename(report) === "sample" ? views : [views[0], views[3]];
    for (const view of chosen) await checkView(browser, report, view);
    for (const failure of failures) console.error(`FAILED ${basename(report)} ${failure}`);
    if (failures.length === 0) console.log(`passed: ${basename(report)} in ${chosen.length} views`);
    failed += failures.length;
  }
} finally {
  await browser.close();
}
process.exit(failed === 0 ? 0 : 1);
