// Builds one self-contained HTML file. While developing, `npm run dev` fills it with the sample ladder; in a built page
// the place of the data stays empty, and src/report/html.cc fills it.
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

const emptyData = '<script type="application/json" id="ladder"></script>';

const sampleData: Plugin = {
  name: "rung-sample-data",
  apply: "serve",
  transformIndexHtml(html) {
    const sample = readFileSync(new URL("./sample/ladder.json", import.meta.url), "utf8").replaceAll("<", "\\u003c");
    return html.replace(emptyData, () => emptyData.replace("><", `>${sample}<`));
  },
};

export default defineConfig({
  plugins: [sampleData, viteSingleFile({ removeViteModuleLoader: true })],
  build: { target: "es2022", reportCompressedSize: false },
});
