// The page as one file: the engine on the page itself, with everything that it needs in the file.
import { Engine } from "../engine/client.js";
import { onPage } from "../engine/local.js";
import { startPage } from "./page.js";

// `modules` are Pyodide's two, loaded from the file; `files` what the engine loads (name -> ArrayBuffer).
export function start(modules, files) {
  const loaded = async () => {
    const [main, asm] = await modules();
    return { modules: { loadPyodide: main.loadPyodide, createPyodideModule: asm.default }, files };
  };
  const engine = new Engine(onPage(loaded));
  startPage(engine);
  globalThis.blankettset = { engine };
}
