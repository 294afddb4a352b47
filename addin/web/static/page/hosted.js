// The page on a host: the engine in a worker, and the page kept for when there is no network.
import { Engine, inWorker } from "../engine/client.js";
import { built } from "../version.js";
import { startPage } from "./page.js";

const motor = new URL("../../motor/", import.meta.url).href;
const files = built.files.filter((each) => each.name !== "xlwings.zip").map((each) => ({ ...each, url: `${motor}${each.name}.gz` }));
const engine = new Engine(inWorker(new URL("../engine/worker.js", import.meta.url), { pyodide: motor, files }));
startPage(engine);
globalThis.blankettset = { engine };
if ("serviceWorker" in navigator) navigator.serviceWorker.register("sw.js").catch(() => {});
