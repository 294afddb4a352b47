// Python from files in memory, and its jobs step by step. Runs in a worker and, for the single file, on the page itself.

const BASE = "https://motor.invalid/"; // never asked for: everything that Pyodide fetches is answered from memory
export class Unloaded extends Error {} // the engine's files could not be had; the message is for the user
export const HALF = "Programmets filer är inte hela på servern. Vänta en stund och försök igen, eller säg till den som sköter den.";
const LOST = "Nätet svarar inte, så programmet kunde inte läsas in. Försök igen när du har nät; arbetsboken är inte ändrad.";

export async function inflated(bytes) {
  const start = new Uint8Array(bytes, 0, 2);
  if (start[0] !== 0x1f || start[1] !== 0x8b) return bytes; // the host has already inflated it
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// The engine's files by name, each as it was when the folder was made. `told` hears how much of it has come.
export async function fetched(wanted, told) {
  const total = wanted.reduce((sum, each) => sum + each.bytes, 0);
  let done = 0;
  const one = async ({ name, url, bytes, sha256 }) => {
    let content;
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Unloaded(HALF);
      content = await response.arrayBuffer();
    } catch (error) {
      throw error instanceof Unloaded ? error : new Unloaded(LOST);
    }
    try {
      content = await inflated(content);
    } catch {
      throw new Unloaded(HALF);
    }
    if (hex(await crypto.subtle.digest("SHA-256", content)) !== sha256) throw new Unloaded(HALF);
    told((done += bytes), total);
    return [name, content];
  };
  return new Map(await Promise.all(wanted.map(one)));
}

// Python with our packages; `files` are pyodide's own and our archives (name -> ArrayBuffer).
export async function started({ loadPyodide, createPyodideModule }, files) {
  const own = globalThis.fetch;
  globalThis.fetch = async (address) => {
    const name = String(address.url ?? address).replace(BASE, "");
    if (!files.has(name)) throw new TypeError(name);
    const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return new Response(files.get(name), { headers: { "Content-Type": type } });
  };
  let python;
  try {
    const quiet = { stdout: () => {}, stderr: () => {} };
    python = await loadPyodide({ indexURL: BASE, createPyodideModule, env: { XLWINGS_LICENSE_KEY: "noncommercial" }, ...quiet });
  } finally {
    globalThis.fetch = own;
  }
  for (const [name, content] of files) if (name.endsWith(".zip") && name !== "python_stdlib.zip") unpacked(python, content);
  python.runPython("import sys; sys.path.insert(0, '/program')");
  return { python, jobs: python.pyimport("blankettset.addin.web.engine") };
}

function unpacked(python, content) {
  python.unpackArchive(content, "zip", { extractDir: "/program" });
}

const rest = () => new Promise((resolve) => setTimeout(resolve, 20));

// What is told of a start that failed: a sentence for the user, or what a maintainer needs.
export const failure = (error) => ({ kind: "failed", text: error instanceof Unloaded ? error.message : "", why: String(error.message || error).trim().split("\n").pop() });

// One question answered: kind (svar, vagran, internt or avbrutet), said (JSON as text) and files. `told` hears of progress.
export async function answered({ python, jobs }, { name, said, files }, told, isStopped) {
  const given = python.toPy(files);
  const job = jobs.Job(name, said, given);
  try {
    for (;;) {
      await rest(); // the page is drawn, and a wish to stop is heard
      if (isStopped()) {
        job.close();
        return { kind: "avbrutet", said: "null", files: {} };
      }
      const step = job.step();
      if (step === undefined || step === null) break;
      told(JSON.parse(step));
    }
    const found = job.files;
    const content = found.toJs({ dict_converter: Object.fromEntries });
    found.destroy();
    return { kind: job.kind, said: job.said, files: content };
  } finally {
    job.destroy();
    given.destroy?.();
  }
}
