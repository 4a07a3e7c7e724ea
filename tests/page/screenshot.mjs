// screenshot.mjs NODE_FOLDER REPORT.html OUT.png: the upper part of a report, 1280 wide, light, for the README.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";

const [nodeFolder, report, out] = process.argv.slice(2);
const { chromium } = createRequire(resolve(nodeFolder, "package.json"))("playwright-core");
const browser = await launch(chromium);
const page = await browser.newPage({ viewport: { width: 1280, height: 2010 }, colorScheme: "light" });
await page.goto(pathToFileURL(resolve(report)).href);
await page.waitForSelector("h1");
await page.waitForTimeout(300);
await page.screenshot({ path: out });
await browser.close();
