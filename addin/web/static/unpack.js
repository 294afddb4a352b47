// Unpacks the file's own content and starts the page; modules are given addresses of their own, as they name each other.
const wait = document.getElementById("vanta");
const OLD = "Den här webbläsaren är för gammal för programmet. Öppna filen i Microsoft Edge eller en annan webbläsare som är uppdaterad.";
const HALF = "Filen är inte hel. Hämta den på nytt från den som skickade den.";

async function unpacked() {
  const text = document.getElementById("paket").textContent;
  const squeezed = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  document.getElementById("paket").remove();
  const whole = await new Response(new Blob([squeezed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const size = new DataView(whole).getUint32(0);
  const parts = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, size)));
  let at = 4 + size;
  return new Map(parts.map(([name, length]) => [name, whole.slice(at, (at += length))]));
}

function addresses(parts) {
  const known = new Map();
  return function address(name) {
    if (!known.has(name)) {
      const text = new TextDecoder().decode(parts.get(name));
      const bound = text.replace(/(\bfrom\s*|\bimport\s*)"(\.[^"]+)"/g, (all, word, other) => {
        const path = new URL(other, `https://fil.invalid/${name}`).pathname.slice(1);
        return `${word}"${address(path)}"`;
      });
      known.set(name, URL.createObjectURL(new Blob([bound], { type: "text/javascript" })));
    }
    return known.get(name);
  };
}

try {
  if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") throw new Error(OLD);
  const parts = await unpacked().catch(() => {
    throw new Error(HALF);
  });
  const address = addresses(parts);
  await import(address("fluent/web-components.min.js"));
  const { start } = await import(address("app/page/single.js"));
  const files = new Map([...parts].filter(([name]) => name.startsWith("fil/")).map(([name, content]) => [name.slice(4), content]));
  start(() => Promise.all([import(address("motor/pyodide.mjs")), import(address("motor/pyodide.asm.mjs"))]), files);
} catch (error) {
  wait.textContent = [OLD, HALF].includes(error.message) ? error.message : `${OLD} (${error.message})`;
}
