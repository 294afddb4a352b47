// The engine as the pane and the page see it: ask something, hear how it goes, get the answer or one Swedish sentence.

export class Refused extends Error {} // what the user can be told and can mend
export class Stopped extends Error {} // the user gave up

const TOO_OLD = "Den här webbläsaren kan inte köra programmet (WebAssembly saknas). Uppdatera den, eller be IT om hjälp.";
const BROKEN = "Något gick fel i programmet, vilket inte beror på dig eller filen. Arbetsboken är inte ändrad. Skicka rapporten till den som sköter programmet; den innehåller inga siffror eller texter ur arbetsboken.";
const DEAF = "Programmet kunde inte startas: filerna är inte hela på servern, eller spärras. Försök igen, eller säg till IT.";

export class Engine {
  // `open` starts what answers: it takes a function that hears messages, and gives { send, end }.
  constructor(open) {
    Object.assign(this, { open, asked: new Map(), last: 0, state: "stilla", details: null, listeners: [] });
    this.start();
  }

  // (state, detail): "läser in" with a share from 0 to 1, "klar" with seconds, "stoppad" with a sentence.
  onState(listener) {
    this.listeners.push(listener);
    listener(this.state, this.detail);
  }

  tell(state, detail) {
    Object.assign(this, { state, detail });
    this.listeners.forEach((listener) => listener(state, detail));
  }

  start() {
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.ready.catch(() => {});
    this.began = performance.now();
    this.tell("läser in", 0);
    if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") return this.failed(TOO_OLD);
    try {
      this.line = this.open((message) => this.heard(message));
    } catch {
      this.failed(DEAF);
    }
  }

  failed(text) {
    this.tell("stoppad", text);
    this.reject(new Refused(text));
    this.dropped(new Refused(text));
  }

  dropped(error) {
    for (const { reject } of this.asked.values()) reject(error);
    this.asked.clear();
  }

  // Once more after a failure: a load that was cut off, or a job that was given up in the middle of something long.
  restart() {
    this.line?.end();
    this.start();
  }

  heard(message) {
    const waiting = this.asked.get(message.id);
    if (message.kind === "loading" && this.state === "läser in") this.tell("läser in", message.done / message.total);
    else if (message.kind === "ready") {
      this.tell("klar", (performance.now() - this.began) / 1000);
      this.resolve();
    } else if (message.kind === "failed") this.failed(message.text || `${DEAF} (${message.why})`);
    else if (message.kind === "progress") waiting?.progress?.(message.progress);
    else if (message.kind === "done" && waiting) {
      this.asked.delete(message.id);
      const said = JSON.parse(message.said);
      if (message.outcome === "svar") return waiting.resolve({ said, files: message.files, text: message.said });
      if (message.outcome === "vagran") return waiting.reject(new Refused(said));
      if (message.outcome === "avbrutet") return waiting.reject(new Stopped("Avbrutet. Inget har skrivits."));
      waiting.reject(Object.assign(new Error(BROKEN), { report: said }));
    }
  }

  // Ask for a job. `files` are Uint8Arrays that `said` names by their place. Refused, Stopped or Error when it does not go.
  async ask(name, said, files = [], { progress, signal } = {}) {
    await this.ready;
    if (signal?.aborted) throw new Stopped("Avbrutet. Inget har skrivits.");
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, progress });
      signal?.addEventListener("abort", () => this.stop(id), { once: true });
      this.line.send({ kind: "ask", id, name, said: JSON.stringify(said), files });
    });
  }

  // A job stops between two steps. What is in the middle of a long one is ended with its thread, and the engine starts anew.
  stop(id) {
    this.line.send({ kind: "stop", id });
    setTimeout(() => {
      if (!this.asked.has(id) || !this.line.canEnd) return;
      this.dropped(new Stopped("Avbrutet. Inget har skrivits."));
      this.restart();
    }, 1500);
  }
}

// The engine in a worker. `wanted` is what the folder's version.json says: where Pyodide lies, and the engine's files.
export function inWorker(worker, wanted) {
  return (heard) => {
    const thread = new Worker(worker, { type: "module" });
    thread.onmessage = ({ data }) => heard(data);
    thread.onerror = (event) => {
      event.preventDefault();
      heard({ kind: "failed", why: event.message || "worker" });
    };
    thread.postMessage({ kind: "start", ...wanted });
    return { send: (message) => thread.postMessage(message), end: () => thread.terminate(), canEnd: true };
  };
}
