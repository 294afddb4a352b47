// The engine in a thread of its own: the page stays alive whatever Python does.
import { HALF, Unloaded, answered, failure, fetched, started } from "./core.js";

let engine = null;
const stopped = new Set();
let line = Promise.resolve(); // one question at a time

async function start({ pyodide, files }) {
  try {
    const loading = Promise.all([import(`${pyodide}pyodide.mjs`), import(`${pyodide}pyodide.asm.mjs`)]);
    loading.catch(() => {});
    const content = await fetched(files, (done, total) => postMessage({ kind: "loading", done, total }));
    const [main, asm] = await loading.catch(() => {
      throw new Unloaded(HALF);
    });
    engine = await started({ loadPyodide: main.loadPyodide, createPyodideModule: asm.default }, content);
    postMessage({ kind: "ready" });
  } catch (error) {
    postMessage(failure(error));
  }
}

async function ask(question) {
  const { id } = question;
  const told = (progress) => postMessage({ kind: "progress", id, progress });
  try {
    const answer = await answered(engine, question, told, () => stopped.has(id));
    postMessage({ ...answer, kind: "done", outcome: answer.kind, id }, Object.values(answer.files).map((each) => each.buffer));
  } catch (error) {
    postMessage({ kind: "done", id, outcome: "internt", said: JSON.stringify(String(error)), files: {} });
  }
  stopped.delete(id);
}

onmessage = ({ data }) => {
  if (data.kind === "start") start(data);
  if (data.kind === "ask") line = line.then(() => ask(data));
  if (data.kind === "stop") stopped.add(data.id);
};
