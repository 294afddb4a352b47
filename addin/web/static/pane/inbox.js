// The host's inbox (docs/inkorg.md): who I am there, handing in, and for SLK who has delivered.
import { button, counted, element, trouble } from "../common/ui.js";

const SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const LOST = "Inkorgen svarar inte. Kontrollera nätet och försök igen; arbetsboken är inte ändrad.";
const COLOUR = { saknas: "ord-varning", "försenad": "ord-fel", "lämnad": "ord-forklarad", "lämnad sent": "ord-varning", "återlämnad": "ord-varning", bruten: "ord-fel" };

export class Inbox {
  constructor() {
    Object.assign(this, { there: false, login: null, who: null });
  }

  // Whether this host has an inbox at all, and who I am there.
  async find() {
    try {
      const response = await fetch("api/", { headers: { Accept: "application/json" } });
      if (!response.ok || !response.headers.get("Content-Type")?.includes("json")) return false;
      this.login = (await response.json()).inloggning;
      this.there = true;
    } catch {
      return false;
    }
    this.who = await this.ask("jag").catch(() => null); // not logged in: asked again when something is handed in
    return true;
  }

  async headers() {
    if (this.login?.sort !== "entra") return { "X-Blankett-Token": this.login?.token || "" };
    const { token } = await import("./login.js");
    return { Authorization: `Bearer ${await token(this.login)}` };
  }

  async fetch(path, { body, type, answer = "json" } = {}) {
    let response;
    const headers = await this.headers().catch(() => {
      throw new Error("Inloggningen gick inte. Logga in i Excel med ditt konto i staden och försök igen; arbetsboken är inte ändrad.");
    });
    try {
      response = await fetch(`api/${path}`, body === undefined ? { headers } : { method: "POST", headers: { ...headers, "Content-Type": type || "application/json" }, body });
    } catch {
      throw new Error(LOST);
    }
    if (response.ok) return answer === "bytes" ? new Uint8Array(await response.arrayBuffer()) : response.json();
    const said = await response.json().catch(() => ({}));
    throw new Error(said.text || LOST);
  }

  ask = (path, said) => this.fetch(path, said && { body: JSON.stringify(said) });

  handIn(book, by) {
    const query = new URLSearchParams({ namn: book.name, funktion: by, ...(this.login?.sort === "ingen" ? { av: by } : {}) });
    return this.fetch(`lamna-in?${query}`, { body: book.file, type: SHEET });
  }

  // The inbox as a page: a row for each nämnd, and what SLK does with it.
  async show(box, doors, set = "") {
    this.listed(box, doors, await this.ask(`inkorg?${new URLSearchParams({ set })}`));
    return "";
  }

  listed(box, doors, found) {
    const run = (text, work) => doors.work.run(text, work, { canStop: true });
    const again = (said) => (this.listed(box, doors, said), "");
    const choice = element("select");
    choice.setAttribute("aria-label", "Blankettset");
    choice.append(...found.set.map((id) => new Option(id, id, false, id === found.blankettset)));
    choice.addEventListener("change", () => run("Hämtar inkorgen …", () => this.show(box, doors, choice.value)));
    const day = element("input");
    Object.assign(day, { type: "date", value: found.sista_dag?.dag || "" });
    day.setAttribute("aria-label", "Sista dag");
    const set = button("Sätt sista dag", () => run("Sparar …", async () => again(await this.ask("sista-dag", { blankettset: found.blankettset, dag: day.value }))), { className: "arbete" });
    const decided = found.sista_dag ? `Satt ${found.sista_dag.satt} av ${found.sista_dag.av}.` : "Ingen sista dag är satt, så ingen räknas som sen.";
    const top = element("div", "", "falt");
    top.append(choice, day, set, element("span", decided, "stilla"));
    const broken = (found.brott || []).map((text) => element("p", text, "brott"));
    const table = element("table");
    const head = element("tr");
    head.append(...["Ta med", "Nämnd", "Status", "Version"].map((text) => element("th", text)));
    table.append(head, ...found.rader.map((row) => this.row(row, found, run, again)));
    const scroll = element("div", "", "rullbar");
    scroll.append(table);
    const counts = new Map();
    for (const each of found.rader) counts.set(each.status, (counts.get(each.status) || 0) + 1);
    const merge = button("Slå ihop de valda", () => run("Hämtar arbetsböckerna …", (told) => this.consolidate(table, found, doors, told)), { primary: true, className: "arbete" });
    box.replaceChildren(top, ...broken, element("p", [...counts].map(([status, number]) => `${status}: ${number}`).join(", "), "stilla"), scroll, merge);
  }

  row(found, { blankettset }, run, again) {
    const line = element("tr");
    line.dataset.namnd = found.namnd;
    const cells = Array.from({ length: 4 }, () => element("td"));
    cells[1].textContent = found.enhet ? `${found.namn}, ${found.enhet}` : found.namn;
    cells[2].append(element("span", found.status, COLOUR[found.status] || ""));
    if (found.versioner.length) {
      const box = element("input");
      Object.assign(box, { type: "checkbox", checked: found.status !== "bruten" });
      box.setAttribute("aria-label", `Ta med ${found.namn}`);
      const choice = element("select");
      choice.setAttribute("aria-label", `Version från ${found.namn}`);
      choice.append(...[...found.versioner].reverse().map((each) => new Option(`v${each.version} ${each.tid}`, each.version)));
      cells[0].append(box);
      const back = element("div");
      back.append(button("Lämna tillbaka", () => this.sendBack(back, found, blankettset, choice, run, again), { className: "arbete" }));
      cells[3].append(choice, back);
    }
    line.append(...cells);
    return line;
  }

  sendBack(cell, found, blankettset, choice, run, again) {
    const text = element("input");
    Object.assign(text, { type: "text", maxLength: 500, placeholder: "Vad som ska rättas" });
    text.setAttribute("aria-label", `Kommentar till ${found.namn}`);
    const send = button("Skicka", () => {
      if (!text.value.trim()) return text.focus();
      return run("Lämnar tillbaka …", async () => again(await this.ask("aterlamna", { blankettset, namnd: found.namnd, version: Number(choice.value), kommentar: text.value.trim() })));
    }, { className: "arbete" });
    cell.replaceChildren(text, send);
    text.focus();
  }

  // The chosen deliveries, fetched here and put together by the engine in the pane.
  async consolidate(table, { blankettset }, { engine, open }, told) {
    const chosen = [...table.querySelectorAll("tr[data-namnd]")].filter((line) => line.querySelector("input[type=checkbox]")?.checked);
    if (!chosen.length) throw new Error("Välj minst en nämnd att slå ihop.");
    const files = [];
    for (const line of chosen) {
      const { namnd } = line.dataset;
      const version = line.querySelector("select").value;
      told.progress({ step: files.length, steps: chosen.length, text: `Hämtar ${namnd} …` });
      files.push([`${namnd}_${blankettset}_v${version}.xlsx`, await this.fetch(`inlamning/fil?${new URLSearchParams({ set: blankettset, namnd, version })}`, { answer: "bytes" })]);
    }
    const filer = files.map(([namn], nr) => ({ namn, nr }));
    const answer = await engine.ask("konsolidera", { filer }, files.map(([, file]) => file), told);
    await open(answer.files[answer.said.fil]);
    if (answer.said.fel) trouble(`${counted(answer.said.fel, "fel finns", "fel finns")} i det som slogs ihop; bladet Fynd visar vilka.`);
    return `${counted(answer.said.antal, "nämnd", "nämnder")} i arbetsboken, ${answer.said.saknas.length} saknas. Den är öppnad i Excel.`;
  }
}
