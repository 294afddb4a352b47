// The engine on the page itself, where no worker can be had: the single file that is opened from a disk.
import { answered, failure, started } from "./core.js";

// `loaded` gives Pyodide's two modules and the engine's files.
export function onPage(loaded) {
  return (heard) => {
    let engine = null;
    const stopped = new Set();
    let line = Promise.resolve();
    const start = async () => {
      try {
        const { modules, files } = await loaded((done, total) => heard({ kind: "loading", done, total }));
        engine = await started(modules, files);
        heard({ kind: "ready" });
      } catch (error) {
        heard(failure(error));
      }
    };
    const ask = async (question) => {
      const { id } = question;
      try {
        const answer = await answered(engine, question, (progress) => heard({ kind: "progress", id, progress }), () => stopped.has(id));
        heard({ ...answer, kind: "done", outcome: answer.kind, id });
      } catch (error) {
        heard({ kind: "done", id, outcome: "internt", said: JSON.stringify(String(error)), files: {} });
      }
    };
    setTimeout(start, 50); // the page is drawn first
    return {
      send: (message) => {
        if (message.kind === "ask") line = line.then(() => ask(message));
        if (message.kind === "stop") stopped.add(message.id);
      },
      end: () => {},
      canEnd: false,
    };
  };
}
