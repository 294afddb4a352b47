// The pane: one thing at a time, with what is happening told, and what goes wrong in the banner.
import * as excel from "./excel.js";
import { Findings } from "./fynd.js";
import { chosenDeliveries, showInbox } from "./inkorg.js";
import { base64, call } from "./server.js";

const at = (id) => document.getElementById(id);
const state = { busy: false, changes: 0 };
const findings = new Findings(go, explain);

function say(text) {
  at("lage").textContent = text;
}

function trouble(text) {
  const banner = at("fel-banner");
  banner.textContent = text;
  banner.hidden = !text;
}

function progress(step, steps, text) {
  const bar = at("forlopp");
  bar.hidden = !steps;
  bar.max = steps || 1;
  bar.value = step;
  say(text);
}

async function busy(text, work) {
  if (state.busy) return;
  state.busy = true;
  document.querySelectorAll(".arbete").forEach((button) => (button.disabled = true));
  trouble("");
  say(text);
  let done = "";
  try {
    done = (await work()) || "";
  } catch (error) {
    trouble(error.message || String(error));
  } finally {
    progress(0, 0, done);
    state.busy = false;
    document.querySelectorAll(".arbete").forEach((button) => (button.disabled = false));
  }
}

async function earlier() {
  const files = [...at("tidigare").files];
  return Promise.all(files.map(async (file) => ({ namn: file.name, innehall: base64(new Uint8Array(await file.arrayBuffer())) })));
}

function validate() {
  return busy("Läser arbetsboken …", async () => {
    const before = state.changes;
    progress(1, 4, "Läser arbetsbokens värden …");
    const payload = await xlwings.getBookData({});
    progress(2, 4, "Läser arbetsbokens formler …");
    const args = [await excel.formulas(), await earlier()];
    progress(3, 4, "Kontrollerar …");
    const result = await call("validera", payload, args, "visaFynd");
    findings.show(result);
    if (state.changes !== before) {
      trouble("Arbetsboken ändrades medan den kontrollerades. Fynden gäller den som den var; tryck Validera igen.");
      return "";
    }
    progress(4, 4, "Skriver bladet Kontroll …");
    return writeControl(result.kontroll);
  });
}

async function writeControl(control) {
  if (!control.platser) {
    trouble("Bladet Kontroll saknas i arbetsboken, så fynden står bara här.");
    return "";
  }
  try {
    await excel.writeControl(control);
    return "Fynden står också på bladet Kontroll.";
  } catch (error) {
    const why = error.code === "AccessDenied" ? "det är låst med lösenord" : "Excel tog inte emot texterna";
    trouble(`Fynden gick inte att skriva på bladet Kontroll (${why}), men de står här.`);
    return "";
  }
}

async function go(sheet, cell) {
  try {
    await excel.select(sheet, cell);
  } catch (error) {
    trouble(error.message || String(error));
  }
}

async function explain(finding, text) {
  if (!text) return;
  const place = findings.result.forklaringar;
  if (!place || !place.lediga.length) {
    trouble("Bladet Förklaringar saknas eller är fullt.");
    return;
  }
  const texts = {
    kod: finding.kod, blankett: finding.blankett || "", rad: finding.rad || "", kolumn: finding.kolumn || "",
    siffror: finding.siffror, forklaring: text,
  };
  try {
    const values = Object.entries(texts).map(([column, value]) => [place.kolumner[column], value]);
    await excel.writeRow(place.blad, place.lediga[0], values);
  } catch {
    trouble("Förklaringen gick inte att skriva på bladet Förklaringar.");
    return;
  }
  await validate();
}

async function explainNext() {
  if (!findings.result) await validate();
  if (findings.result && !findings.openExplanation()) say("Ingen varning behöver förklaras.");
}

function handIn() {
  return busy("Lämnar in …", async () => {
    const payload = await xlwings.getBookData({ include: "_stampel" });
    const file = { namn: payload.book.name, innehall: base64(await excel.savedFile()), av: at("av").value.trim() };
    const done = await call("lamna_in", payload, [file, await earlier()], "visaInlamning");
    const told = `Inlämnad ${done.tid} som version ${done.version}. Kvitto ${done.kvitto}.`;
    try {
      await excel.stamp(done.stampel.blad, done.stampel.celler);
    } catch {
      return `${told} Försättsbladet är låst med lösenord, så stämpeln står bara i den inlämnade filen.`;
    }
    return told;
  });
}

function askInbox(script, ...args) {
  return busy("Hämtar inkorgen …", async () => {
    const payload = await xlwings.getBookData({ include: "_stampel" });
    showInbox(await call(script, payload, args, "visaInkorg"));
  });
}

const inbox = (set = "") => askInbox("inkorg", set);

function consolidate() {
  return busy("Konsoliderar …", async () => {
    const payload = await xlwings.getBookData({ include: "_stampel" });
    const found = await call("konsolidera", payload, [at("inkorg-set").value, chosenDeliveries()], "oppnaStaden");
    await Excel.createWorkbook(found.innehall);
    const many = found.antal === 1 ? "1 nämnd konsoliderad" : `${found.antal} nämnder konsoliderade`;
    return `${many}, ${found.saknas.length} saknas, ${found.fel} fel. Arbetsboken är öppnad.`;
  });
}

// What xlwings' own page says in English when Office does not start.
document.documentElement.lang = "sv";
const stalled = document.querySelector("#xlwings-office-ready-error .mb-3");
if (stalled) {
  stalled.textContent = "Tillägget startade inte som det ska.";
  at("xlwings-taskpane-reload-btn").textContent = "Läs in igen";
  at("xlwings-taskpane-reload-cancel-btn").textContent = "Avbryt";
}
Office.onReady(() => excel.onChange(() => (state.changes += 1)));
at("validera").addEventListener("click", validate);
at("jamfor").addEventListener("click", () => at("tidigare").click());
at("tidigare").addEventListener("change", () => {
  const names = [...at("tidigare").files].map((file) => file.name);
  at("jamfors").textContent = names.length ? `Jämförs med ${names.join(" och ")}.` : "";
  if (names.length) validate();
});
at("lamna-in").addEventListener("click", handIn);
at("visa-inkorg").addEventListener("click", () => inbox());
at("inkorg-set").addEventListener("change", () => inbox(at("inkorg-set").value));
at("satt-sista-dag").addEventListener("click", () => askInbox("sista_dag", at("inkorg-set").value, at("sista-dag").value));
at("konsolidera").addEventListener("click", consolidate);
at("nasta").addEventListener("click", () => findings.step(1));
at("foregaende").addEventListener("click", () => findings.step(-1));
globalThis.blankettset = {
  validate, inbox, handIn, explain: explainNext, step: (direction) => findings.step(direction),
  compare: () => at("tidigare").click(),
};
