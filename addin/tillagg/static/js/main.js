// The pane: reads the open workbook, asks the server, shows the findings, goes to the cell, writes Kontroll and Förklaringar.
// Nothing of a finding is ever put into the page as HTML.

const SEVERITIES = ["fel", "varning", "upplysning"];
const state = { result: null, shown: new Set(SEVERITIES), chosen: -1, busy: false, changes: 0 };
const at = (id) => document.getElementById(id);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function say(text) {
  at("lage").textContent = text;
}

function trouble(text) {
  const banner = at("fel-banner");
  banner.textContent = text;
  banner.hidden = !text;
}

async function formulas() {
  return Excel.run(async (context) => {
    const sheets = context.workbook.worksheets;
    sheets.load("items/name");
    await context.sync();
    const used = sheets.items.map((sheet) => {
      const range = sheet.getUsedRangeOrNullObject(true);
      range.load("formulas,rowIndex,columnIndex,isNullObject");
      return [sheet.name, range];
    });
    await context.sync();
    const found = {};
    for (const [name, range] of used) {
      if (range.isNullObject) continue;
      const cells = [];
      range.formulas.forEach((row, y) =>
        row.forEach((cell, x) => {
          if (typeof cell === "string" && cell.startsWith("="))
            cells.push([range.rowIndex + y + 1, range.columnIndex + x + 1, cell]);
        }),
      );
      if (cells.length) found[name] = cells;
    }
    return found;
  });
}

async function earlier() {
  const files = [...at("tidigare").files];
  return Promise.all(files.map(async (file) => ({ namn: file.name, innehall: base64(new Uint8Array(await file.arrayBuffer())) })));
}

function base64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 32768) text += String.fromCharCode(...bytes.subarray(start, start + 32768));
  return btoa(text);
}

async function ask() {
  const payload = await xlwings.getBookData({});
  return call("validera", payload, [await formulas(), await earlier()], "visaFynd");
}

// Ask a script on the server; its answer is the JSON that it gives the callback `macro`.
async function call(script, payload, args, macro) {
  const auth = typeof globalThis.getAuth === "function" ? await globalThis.getAuth() : { token: "", provider: "" };
  const headers = { "Content-Type": "application/json", Authorization: auth.token, "Auth-Provider": auth.provider };
  let response;
  try {
    response = await fetch(`${globalThis.config.appPath}/xlwings/custom-scripts-call/${script}`, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...payload, args }),
    });
  } catch {
    throw new Error("Servern svarar inte. Kontrollera nätet och försök igen; arbetsboken är inte ändrad.");
  }
  if (!response.ok) {
    if (response.status === 401 || response.status === 403)
      throw new Error("Du är inte inloggad eller saknar behörighet. Logga in i Excel och försök igen.");
    if (response.status === 413) throw new Error("Arbetsboken är för stor för att skickas. Är det rätt fil?");
    const text = response.status === 400 ? await detail(response) : "";
    throw new Error(text || "Det gick inte att göra på servern. Försök igen, och hör av dig om felet består.");
  }
  const answer = await response.json();
  const found = (answer.actions || []).find((action) => action.func === "runMacro" && action.args[0] === macro);
  if (!found) throw new Error("Servern svarade men utan resultat. Försök igen.");
  return JSON.parse(found.args[1]);
}

async function detail(response) {
  const text = await response.text();
  try {
    const data = JSON.parse(text);
    return data.detail || data.error || "";
  } catch {
    return text;
  }
}

// One thing at a time, with what is happening told and what goes wrong in the banner.
async function busy(text, work) {
  if (state.busy) return;
  state.busy = true;
  document.querySelectorAll(".arbete").forEach((button) => (button.disabled = true));
  trouble("");
  say(text);
  try {
    say((await work()) || "");
  } catch (error) {
    say("");
    trouble(error.message || String(error));
  } finally {
    state.busy = false;
    document.querySelectorAll(".arbete").forEach((button) => (button.disabled = false));
  }
}

export function validate() {
  return busy("Läser arbetsboken och kontrollerar …", async () => {
    const before = state.changes;
    const result = await ask();
    show(result);
    if (state.changes !== before) {
      trouble("Arbetsboken ändrades medan den kontrollerades. Fynden gäller den som den var; tryck Validera igen.");
      return;
    }
    await writeControl(result.kontroll);
  });
}

// The saved file itself, as Excel would write it.
function savedFile() {
  return new Promise((resolve, reject) => {
    Office.context.document.getFileAsync("compressed", { sliceSize: 1048576 }, (opened) => {
      if (opened.status !== "succeeded") return reject(new Error("Excel lämnade inte ut arbetsboken. Spara den och försök igen."));
      const file = opened.value;
      const slices = [];
      const next = (number) => {
        if (number === file.sliceCount) {
          file.closeAsync(() => {});
          return resolve(Uint8Array.from(slices.flat()));
        }
        file.getSliceAsync(number, (part) => {
          if (part.status !== "succeeded") {
            file.closeAsync(() => {});
            return reject(new Error("Arbetsboken kom inte fram hel från Excel. Försök igen."));
          }
          slices.push(Array.from(part.value.data));
          next(number + 1);
        });
      };
      next(0);
    });
  });
}

export function handIn() {
  return busy("Lämnar in …", async () => {
    const payload = await xlwings.getBookData({ include: "_stampel" });
    const file = { namn: payload.book.name, innehall: base64(await savedFile()), av: at("av").value.trim() };
    const done = await call("lamna_in", payload, [file], "visaInlamning");
    return `Inlämnad ${done.tid} som version ${done.version}. Kvitto ${done.kvitto}.`;
  });
}

export function inbox(set = "") {
  return busy("Hämtar inkorgen …", async () => {
    const payload = await xlwings.getBookData({ include: "_stampel" });
    const found = await call("inkorg", payload, [set], "visaInkorg");
    const choice = at("inkorg-set");
    choice.replaceChildren(...found.set.map((id) => new Option(id, id, false, id === found.blankettset)));
    const rows = found.rader.map((row) => {
      const line = element("tr");
      line.append(element("td", row.namn), element("td", row.status, row.status === "saknas" ? "ord-fel" : "ord-forklarad"),
        element("td", row.version ? `v${row.version}` : ""), element("td", row.tid || ""));
      return line;
    });
    at("inkorg-rader").replaceChildren(...rows);
    at("inkorg").hidden = false;
  });
}

export function consolidate() {
  return busy("Konsoliderar …", async () => {
    const payload = await xlwings.getBookData({ include: "_stampel" });
    const found = await call("konsolidera", payload, [at("inkorg-set").value], "oppnaStaden");
    await Excel.createWorkbook(found.innehall);
    return `${found.antal} nämnder konsoliderade, ${found.saknas.length} saknas, ${found.fel} fel. Arbetsboken är öppnad.`;
  });
}

function show(result) {
  state.result = result;
  state.chosen = -1;
  at("bok").textContent = `${result.fil} · ${result.namnd} · ${result.blankettset}`;
  const counts = result.sammanfattning;
  const verdict = at("utslag");
  verdict.hidden = false;
  verdict.textContent = `${result.far_lamnas_in ? "Får lämnas in." : "Får inte lämnas in ännu."} ${counts.fel} fel, ${counts.varning} varningar, ${counts.upplysning} upplysningar, ${counts.forklarade} förklarade.`;
  const filter = at("filter");
  filter.hidden = false;
  filter.replaceChildren(...SEVERITIES.map((severity) => filterBox(severity, result)));
  list();
}

function filterBox(severity, result) {
  const label = element("label");
  const box = element("input");
  box.type = "checkbox";
  box.checked = state.shown.has(severity);
  box.addEventListener("change", () => {
    if (box.checked) state.shown.add(severity);
    else state.shown.delete(severity);
    state.chosen = -1;
    list();
  });
  const count = result.fynd.filter((finding) => finding.allvar === severity).length;
  label.append(box, element("span", `${severity} (${count})`, `ord-${severity}`));
  return label;
}

function visible() {
  return state.result ? state.result.fynd.filter((finding) => state.shown.has(finding.allvar)) : [];
}

function list() {
  const findings = visible();
  const parts = [];
  let form = null;
  findings.forEach((finding, number) => {
    if (finding.blankett !== form) {
      form = finding.blankett;
      parts.push(element("h2", state.result.titlar[form] || "Arbetsboken"));
    }
    parts.push(card(finding, number));
  });
  if (!findings.length) parts.push(element("p", "Inga fynd.", "stilla"));
  at("fynd").replaceChildren(...parts);
  at("nasta").disabled = at("foregaende").disabled = !findings.length;
}

function card(finding, number) {
  const box = element("div", "", `fynd ${finding.allvar}`);
  box.tabIndex = 0;
  box.dataset.nummer = number;
  const head = element("div", "", "rubrik");
  const word = finding.forklaring ? "förklarad" : finding.allvar;
  head.append(element("span", finding.kod), element("span", word, `ord-${finding.forklaring ? "forklarad" : finding.allvar}`));
  box.append(head, element("p", finding.text));
  if (finding.siffror) box.append(element("p", finding.siffror, "siffror"));
  box.append(element("p", finding.forklaring ? `Förklaring: ${finding.forklaring}` : finding.atgard, "atgard"));
  if (finding.allvar === "varning" && !finding.forklaring) box.append(explainer(finding));
  const go = () => choose(number);
  box.addEventListener("click", (event) => {
    if (!event.target.closest("textarea, button")) go();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === box) go();
  });
  return box;
}

function explainer(finding) {
  const wrap = element("div");
  const open = element("button", "Förklara");
  open.type = "button";
  open.addEventListener("click", () => {
    const text = element("textarea");
    text.setAttribute("aria-label", "Förklaring");
    text.placeholder = "Orsaken, de stora delarna med belopp, och vad som görs.";
    const save = element("button", "Spara förklaringen");
    save.type = "button";
    save.addEventListener("click", () => explain(finding, text.value.trim()));
    wrap.replaceChildren(text, save);
    text.focus();
  });
  wrap.append(open);
  return wrap;
}

async function choose(number) {
  const finding = visible()[number];
  if (!finding) return;
  state.chosen = number;
  document.querySelectorAll(".fynd").forEach((box) => box.classList.toggle("vald", Number(box.dataset.nummer) === number));
  document.querySelector(".fynd.vald")?.scrollIntoView({ block: "nearest" });
  if (!finding.blad) return;
  try {
    await Excel.run(async (context) => {
      const sheet = context.workbook.worksheets.getItemOrNullObject(finding.blad);
      await context.sync();
      if (sheet.isNullObject) throw new Error(`Bladet ${finding.blad} finns inte längre. Kontrollera igen.`);
      sheet.activate();
      if (finding.cell) sheet.getRange(finding.cell).select();
      await context.sync();
    });
  } catch (error) {
    trouble(error.message || String(error));
  }
}

export function step(direction) {
  const count = visible().length;
  if (count) choose((state.chosen + direction + count) % count);
}

async function unlocked(context, sheet, write) {
  sheet.protection.load("protected,options");
  await context.sync();
  const locked = sheet.protection.protected;
  const options = sheet.protection.options;
  if (locked) sheet.protection.unprotect();
  write();
  if (locked) sheet.protection.protect(options);
  await context.sync();
}

async function writeControl(control) {
  if (!control.platser) {
    trouble("Bladet Kontroll saknas i arbetsboken, så fynden står bara här.");
    return;
  }
  try {
    await Excel.run(async (context) => {
      const sheet = context.workbook.worksheets.getItem(control.blad);
      await unlocked(context, sheet, () => {
        control.platser.forEach((row, number) => {
          const texts = control.rader[number] || control.kolumner.map(() => "");
          control.kolumner.forEach((column, x) => {
            sheet.getCell(row - 1, column - 1).values = [[texts[x] ? `'${texts[x]}` : ""]];
          });
        });
      });
    });
  } catch {
    trouble("Fynden gick inte att skriva på bladet Kontroll (det är låst med lösenord), men de står här.");
  }
}

async function explain(finding, text) {
  if (!text) return;
  const place = state.result.forklaringar;
  if (!place || !place.lediga.length) {
    trouble("Bladet Förklaringar saknas eller är fullt.");
    return;
  }
  try {
    await Excel.run(async (context) => {
      const sheet = context.workbook.worksheets.getItem(place.blad);
      const row = place.lediga[0];
      const values = {
        kod: finding.kod, blankett: finding.blankett || "", rad: finding.rad || "", kolumn: finding.kolumn || "",
        siffror: finding.siffror, forklaring: text,
      };
      for (const [column, value] of Object.entries(values))
        sheet.getCell(row - 1, place.kolumner[column] - 1).values = [[value ? `'${value}` : ""]];
      await context.sync();
    });
    await validate();
  } catch {
    trouble("Förklaringen gick inte att skriva på bladet Förklaringar.");
  }
}

// What xlwings' own page says in English when Office does not start.
document.documentElement.lang = "sv";
const stalled = document.querySelector("#xlwings-office-ready-error .mb-3");
if (stalled) {
  stalled.textContent = "Tillägget startade inte som det ska.";
  at("xlwings-taskpane-reload-btn").textContent = "Läs in igen";
  at("xlwings-taskpane-reload-cancel-btn").textContent = "Avbryt";
}
at("validera").addEventListener("click", validate);
Office.onReady(() =>
  Excel.run(async (context) => {
    context.workbook.worksheets.onChanged.add(async () => {
      state.changes += 1;
    });
    await context.sync();
  }),
);
at("jamfor").addEventListener("click", () => at("tidigare").click());
at("tidigare").addEventListener("change", () => {
  const names = [...at("tidigare").files].map((file) => file.name);
  at("jamfors").textContent = names.length ? `Jämförs med ${names.join(" och ")}.` : "";
  if (names.length) validate();
});
at("lamna-in").addEventListener("click", handIn);
at("visa-inkorg").addEventListener("click", () => inbox());
at("inkorg-set").addEventListener("change", () => inbox(at("inkorg-set").value));
at("konsolidera").addEventListener("click", consolidate);
at("nasta").addEventListener("click", () => step(1));
at("foregaende").addEventListener("click", () => step(-1));
globalThis.blankettset = { validate, step, handIn, inbox, compare: () => at("tidigare").click() };
