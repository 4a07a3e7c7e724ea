import { render } from "preact";
import { App } from "./app";
import { readLadder } from "./ladder";
import "./style.css";
import "./plot.css";
import "./pictures.css";
import "./tables.css";

function parse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return null;
  }
}

const ladder = readLadder(parse(document.getElementById("ladder")?.textContent ?? ""));
document.title = `${ladder.model.name}: what each bit costs`;
render(<App ladder={ladder} />, document.getElementById("page")!);
