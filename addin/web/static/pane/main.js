// The pane: the open workbook is checked here, by the engine. What goes wrong stands in the banner.
import { Engine, inWorker } from "../engine/client.js";
import { Begin } from "../common/begin.js";
import { Findings } from "../common/findings.js";
import { followTheme } from "../common/theme.js";
import { Work, at, clock, progress, say, showEngine, tabs, trouble } from "../common/ui.js";
import { built } from "../version.js";
import { Delivery } from "./delivery.js";
import * as excel from "./excel.js";
import { register } from "./functions.js";

const motor = new URL("../../motor/", import.meta.url).href;
const files = built.files.map((each) => ({ ...each, url: `${motor}${each.name}.gz` }));
const engine = new Engine(inWorker(new URL("../engine/worker.js", import.meta.url), { pyodide: motor, files }));
const work = new Work();
const state = { changes: 0, earlier: [], checked: null };
const findings = new Findings({ box: at("resultat"), verdict: at("utslag"), go, explain });
const delivery = new Delivery({ engine, work, file, earlier: () => state.earlier, show: refused });

showEngine(engine);
register(engine);

// The open workbook: as Excel's own file, or else what stands in it, with a word about that.
async function read() {
  const name = await excel.name();
  try {
    return { name, file: await excel.savedFile() };
  } catch (error) {
    const why = error.message || String(error);
    return { name, contents: await excel.contents(), word: `${why[0].toUpperCase()}${why.slice(1)}, så kontrollen gäller det som står i Excel just nu och inte den sparade filen; kvittot är därför ett annat än filens.` };
  }
}

// What is asked of the engine about a workbook, with the earlier ones beside it.
export function question(book, earlier, more = {}) {
  const given = book.file ? [book.file] : [];
  const said = book.file ? { fil: { namn: book.name, nr: 0 } } : { namn: book.name, ...book.contents };
  const tidigare = earlier.map((each, number) => ({ namn: each.name, nr: given.length + number }));
  return [book.file ? "validera" : "validera_varden", { ...said, tidigare, ...more }, [...given, ...earlier.map((each) => each.file)]];
}

function validate() {
  showTab("flik-kontroll");
  return work.run("Läser arbetsboken …", async (told) => {
    const before = state.changes;
    progress(1, 3, "Läser arbetsboken …");
    const book = await read();
    progress(2, 3, engine.state === "klar" ? "Kontrollerar …" : "Väntar på att programmet ska läsas in …");
    const { said } = await engine.ask(...question(book, state.earlier), told);
    show(said);
    if (book.word) trouble(book.word);
    if (state.changes !== before) {
      findings.stale(clock());
      return "";
    }
    progress(3, 3, "Skriver bladet Kontroll …");
    return writeControl(said.kontroll);
  });
}

function show(result) {
  state.checked = result;
  at("bok").textContent = `${result.fil} · ${result.namnd} · ${result.blankettset}`;
  findings.show(result, clock());
  delivery.checked(result);
}

// What the inbox found when it judged the workbook again, against its own earlier ones.
function refused(result) {
  show({ ...result, forklaringar: state.checked?.forklaringar });
  showTab("flik-kontroll");
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

// The explanation on a free row of the sheet Förklaringar, bound to what the finding says that it is explained with.
async function explain(finding, text) {
  const place = findings.result.forklaringar;
  if (!place?.lediga.length) {
    trouble(place ? "Bladet Förklaringar är fullt. Ta bort förklaringar som inte längre gäller." : "Bladet Förklaringar saknas i arbetsboken.");
    return;
  }
  const { kod, blankett, rad, kolumn } = finding.forklaras_med || finding;
  const texts = { kod, blankett, rad, kolumn, siffror: finding.siffror, forklaring: text };
  try {
    await excel.writeRow(place.blad, place.lediga[0], Object.entries(texts).map(([column, value]) => [place.kolumner[column], value || ""]));
  } catch {
    trouble("Förklaringen gick inte att skriva på bladet Förklaringar.");
    return;
  }
  await validate();
}

async function explainNext() {
  if (!findings.result) await validate();
  showTab("flik-kontroll");
  if (findings.result && !findings.openExplanation()) say("Ingen varning behöver förklaras.");
}

async function compare() {
  const chosen = [...at("tidigare").files];
  state.earlier = await Promise.all(chosen.map(async (each) => ({ name: each.name, file: new Uint8Array(await each.arrayBuffer()) })));
  at("jamfors").hidden = !chosen.length;
  at("jamfors").textContent = chosen.length ? `Jämförs med ${chosen.map((each) => each.name).join(" och ")}.` : "";
  if (chosen.length) await validate();
}

// Rows cannot be added under protection without leaving half of what a row needs, so the workbook is built anew with more.
function moreRows() {
  return work.run("Bygger arbetsboken med fler rader …", async (told) => {
    const book = await file();
    const answer = await engine.ask("fler_rader", { fil: { namn: book.name, nr: 0 } }, [book.file], told);
    const [[name, content]] = Object.entries(answer.files);
    await excel.openFile(content);
    return `Öppnad som en ny arbetsbok: samma innehåll, med plats för fler rader. Spara den, gärna som ${name}.`;
  });
}

// The workbook as a file, where nothing else will do.
async function file() {
  const book = await read();
  if (!book.file) throw new Error("Excel lämnade inte ut filen. Spara den, stäng och öppna den igen, eller släpp filen på sidan (index.html).");
  return book;
}

const begin = new Begin({
  engine,
  work,
  earlier: async () => (at("ny-oppen").checked ? [await file()] : []),
  give: async (name, content) => (await excel.openFile(content), `öppnad som en ny arbetsbok. Spara den, gärna som ${name}.`),
});

const showTab = tabs(at("flikar"), (id) => id === "flik-ny" && begin.offer());
const look = followTheme(globalThis.Office);
Office.onReady(async () => {
  look();
  Office.context.document?.addHandlerAsync?.("officeThemeChanged", look);
  await excel.onChange(() => {
    state.changes += 1;
    if (!work.busy) findings.stale(clock());
  });
});
at("validera").addEventListener("click", validate);
at("jamfor").addEventListener("click", () => at("tidigare").click());
at("tidigare").addEventListener("change", compare);
at("mer-rader").addEventListener("click", moreRows);

// The ribbon's buttons run in this page too.
function viaPane(name, run) {
  Office.actions.associate(name, async (event) => {
    try {
      await Office.addin.showAsTaskpane();
      await run();
    } finally {
      event.completed();
    }
  });
}

viaPane("validera", validate);
viaPane("forklara", explainNext);
viaPane("nasta-fynd", () => findings.step(1));
viaPane("jamfor", () => at("tidigare").click());
viaPane("lamna-in", () => {
  showTab("flik-lamna");
  at("av").focus();
});
viaPane("inkorg", () => {
  showTab("flik-slk");
  return delivery.openInbox();
});
globalThis.blankettset = { engine, validate, findings };
