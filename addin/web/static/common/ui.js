// What the pane and the page have in common: one thing at a time, what is happening, what went wrong, tabs, the engine's state.

export const at = (id) => document.getElementById(id);

export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

export function button(text, run, { primary = false, className = "" } = {}) {
  const made = element("fluent-button", text, className);
  if (primary) made.setAttribute("appearance", "primary");
  made.setAttribute("size", "small");
  made.addEventListener("click", run);
  return made;
}

export const clock = () => new Date().toLocaleTimeString("sv-SE", { hour: "2-digit", minute: "2-digit" });

// "2026-11-25T14:05:00": the local time as Python reads it.
export function now() {
  const time = new Date();
  return new Date(time.getTime() - time.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

export function say(text) {
  at("lage").textContent = text;
}

export function trouble(text, report = "") {
  at("fel-banner").textContent = text;
  at("fel-banner").hidden = !text;
  if (report) at("fel-banner").append(" ", button("Spara rapporten", () => save("rapport.txt", report)));
}

export function progress(step, steps, text) {
  const bar = at("forlopp");
  bar.hidden = !steps;
  bar.max = steps || 1;
  bar.value = step;
  say(text);
}

// One thing at a time. `work` gets { progress, signal } and says what came of it.
export class Work {
  constructor() {
    this.busy = false;
    at("avbryt").addEventListener("click", () => this.stopper?.abort());
  }

  async run(text, work, { canStop = false } = {}) {
    if (this.busy) return false;
    this.busy = true;
    this.stopper = new AbortController();
    const buttons = document.querySelectorAll(".arbete");
    buttons.forEach((each) => (each.disabled = true));
    at("avbryt").hidden = !canStop;
    trouble("");
    say(text);
    let done = "";
    try {
      done = (await work({ progress: (said) => progress(said.step, said.steps, said.text), signal: this.stopper.signal })) || "";
      return true;
    } catch (error) {
      trouble(error.message || String(error), error.report);
      return false;
    } finally {
      progress(0, 0, done);
      at("avbryt").hidden = true;
      this.busy = false;
      document.querySelectorAll(".arbete").forEach((each) => (each.disabled = false));
    }
  }
}

// The engine's state in words; nothing is in the way while it loads.
export function showEngine(engine) {
  at("motor-igen").addEventListener("click", () => engine.restart());
  engine.onState((state, detail) => {
    at("motor").dataset.lage = state;
    at("motor").hidden = state === "klar";
    at("motor-igen").hidden = state !== "stoppad";
    at("motor-matare").hidden = state !== "läser in";
    if (state === "läser in") {
      if (detail > 0 && detail < 1) at("motor-matare").value = detail;
      else at("motor-matare").removeAttribute("value");
      at("motor-text").textContent = detail < 1 ? "Programmet läses in …" : "Programmet startar …";
    }
    if (state === "stoppad") at("motor-text").textContent = detail;
    if (state === "klar") {
      at("motor-text").textContent = "";
      document.documentElement.dataset.klar = String(detail);
    }
  });
}

// Tabs of Fluent, each with a page of its own.
export function tabs(list, changed = () => {}) {
  const choose = (id) => {
    for (const tab of list.querySelectorAll("fluent-tab")) at(tab.getAttribute("aria-controls")).hidden = tab.id !== id;
    changed(id);
  };
  list.addEventListener("change", () => choose(list.activeid));
  return (id) => {
    list.activeid = id;
    choose(id);
  };
}

// Give the user a file to keep.
export function save(name, content) {
  const type = name.endsWith(".xlsx") ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/plain";
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

export const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;
