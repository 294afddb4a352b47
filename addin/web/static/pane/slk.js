// SLK's page of the inbox: who has delivered, one delivery opened with its findings, sent back, reminded, put together.
import { Findings } from "../common/findings.js";
import { button, counted, element, save, trouble } from "../common/ui.js";

export const COLOUR = { saknas: "ord-varning", "försenad": "ord-fel", "lämnad": "ord-forklarad", "lämnad sent": "ord-varning", "återlämnad": "ord-varning", bruten: "ord-fel" };

// What has happened to a version, a line each; the first that is wrong in red.
export function told(version) {
  const lines = [element("p", [version.tid, version.av, version.funktion === version.av ? "" : version.funktion, version.slag, `kvitto ${version.kvitto}`].filter(Boolean).join(" · "), "stilla")];
  if (version.bruten) lines.unshift(element("p", version.bruten, "brott"));
  if (version.attesterad) lines.push(element("p", `Attesterad ${version.attesterad.tid} av ${version.attesterad.av || "attestant"}.`, "stilla"));
  if (version.aterlamnad) lines.push(element("p", `Återlämnad ${version.aterlamnad.tid}: ${version.aterlamnad.kommentar}`, "ord-varning"));
  return lines;
}

export class City {
  // `box` holds the page; `doors` are the engine, the work that is done one at a time, and open(content) in Excel.
  constructor(box, inbox, doors) {
    Object.assign(this, { box, inbox, doors, found: null });
    this.list = element("div");
    this.detail = element("div", "", "inlamning");
    box.replaceChildren(this.list, this.detail);
  }

  run = (text, work) => this.doors.work.run(text, work, { canStop: true });

  async show(set = "") {
    this.listed(await this.inbox.ask(`inkorg?${new URLSearchParams({ set })}`));
    this.detail.replaceChildren();
    return "";
  }

  listed(found) {
    this.found = found;
    const choice = element("select");
    choice.setAttribute("aria-label", "Blankettset");
    choice.append(...found.set.map((id) => new Option(id, id, false, id === found.blankettset)));
    choice.addEventListener("change", () => this.run("Hämtar inkorgen …", () => this.show(choice.value)));
    const day = element("input");
    Object.assign(day, { type: "date", value: found.sista_dag?.dag || "" });
    day.setAttribute("aria-label", "Sista dag");
    const decide = () => this.run("Sparar …", async () => this.again(await this.inbox.ask("sista-dag", { blankettset: found.blankettset, dag: day.value })));
    const decided = found.sista_dag ? `Satt ${found.sista_dag.satt} av ${found.sista_dag.av || "SLK"}.` : "Ingen sista dag är satt, så ingen räknas som sen.";
    const top = element("div", "", "falt");
    top.append(choice, day, button("Sätt sista dag", decide, { className: "arbete" }), element("span", decided, "stilla"));
    const table = element("table");
    const head = element("tr");
    head.append(...["Ta med", "Nämnd", "Status", "Version", "Gör"].map((text) => element("th", text)));
    table.append(head, ...found.rader.map((row) => this.row(row)));
    const scroll = element("div", "", "rullbar");
    scroll.append(table);
    const counts = new Map();
    for (const each of found.rader) counts.set(each.status, (counts.get(each.status) || 0) + 1);
    const below = element("div", "", "knappar");
    below.append(
      button("Slå ihop de valda", () => this.run("Hämtar arbetsböckerna …", (said) => this.consolidate(table, said)), { primary: true, className: "arbete" }),
      button("Påminn dem som saknas", () => this.run("Skriver påminnelsen …", () => this.remind()), { className: "arbete" }),
      button("Historik", () => this.run("Hämtar historiken …", () => this.history()), { className: "arbete" }),
    );
    this.list.replaceChildren(top, ...(found.brott || []).map((text) => element("p", text, "brott")), ...(found.anmarkningar || []).map((text) => element("p", text, "ord-varning")),
      element("p", [...counts].map(([status, number]) => `${status}: ${number}`).join(", "), "stilla"), scroll, below);
  }

  again(said) {
    this.listed(said);
    return "";
  }

  row(found) {
    const line = element("tr");
    line.dataset.namnd = found.namnd;
    const cells = Array.from({ length: 5 }, () => element("td"));
    cells[1].textContent = found.enhet ? `${found.namn}, ${found.enhet}` : found.namn;
    cells[2].append(element("span", found.status, COLOUR[found.status] || ""));
    if (found.versioner.length) {
      const box = element("input");
      Object.assign(box, { type: "checkbox", checked: !["bruten", "återlämnad"].includes(found.status) });
      box.setAttribute("aria-label", `Ta med ${found.namn}`);
      const choice = element("select");
      choice.setAttribute("aria-label", `Version från ${found.namn}`);
      choice.append(...[...found.versioner].reverse().map((each) => new Option(`v${each.version}${each.bruten ? " bruten" : each.slag === "preliminär" ? " prel." : ""}`, each.version)));
      choice.title = [...found.versioner].reverse().map((each) => `v${each.version} ${each.tid}`).join("\n");
      cells[0].append(box);
      cells[3].append(choice);
      cells[4].append(button("Öppna", () => this.run("Öppnar inlämningen …", () => this.open(found, Number(choice.value))), { className: "arbete" }));
    }
    line.append(...cells);
    return line;
  }

  // One delivery below the list: what it is, its findings, and what can be done with it.
  async open(row, version) {
    const place = { set: this.found.blankettset, namnd: row.namnd, version, ...(row.enhet ? { enhet: row.enhet } : {}) };
    const query = new URLSearchParams(place);
    const { inlamning, resultat, historik } = await this.inbox.ask(`inlamning?${query}`);
    const verdict = element("div");
    const findings = element("div");
    const file = () => this.run("Hämtar filen …", async () => (await this.doors.open(await this.inbox.fetch(`inlamning/fil?${query}`, { answer: "bytes" })), "Öppnad i Excel."));
    const buttons = element("div", "", "knappar");
    if (!inlamning.bruten) buttons.append(button("Öppna i Excel", file, { className: "arbete" }));
    const back = element("div");
    if (!inlamning.aterlamnad) buttons.append(button("Lämna tillbaka", () => this.sendBack(back, row, place), { className: "arbete" }));
    const past = element("details");
    past.append(element("summary", `Historik (${historik.length})`), ...historik.map((each) => element("p", `${each.tid} ${each.text}`)));
    this.detail.replaceChildren(element("h2", `${row.namn}${row.enhet ? `, ${row.enhet}` : ""}, version ${version}`), ...told(inlamning), buttons, back, verdict, findings, past);
    if (resultat) new Findings({ box: findings, verdict }).show(resultat, inlamning.tid);
    this.detail.scrollIntoView({ block: "nearest" });
    return "";
  }

  sendBack(box, row, { set, ...place }) {
    const text = element("textarea");
    Object.assign(text, { maxLength: 2000, placeholder: "Vad som ska rättas. Nämnden ser kommentaren." });
    text.setAttribute("aria-label", `Kommentar till ${row.namn}`);
    const send = () => {
      if (!text.value.trim()) return text.focus();
      return this.run("Lämnar tillbaka …", async () => {
        this.listed(await this.inbox.ask("aterlamna", { blankettset: set, ...place, kommentar: text.value.trim() }));
        return this.open(row, place.version);
      });
    };
    box.replaceChildren(text, button("Skicka", send, { className: "arbete", primary: true }));
    text.focus();
  }

  async remind() {
    const { saknas, lista, mailto, eml } = await this.inbox.ask("paminn", { blankettset: this.found.blankettset });
    if (!saknas.length) {
      this.detail.replaceChildren(element("p", "Alla har lämnat; ingen behöver påminnas."));
      return "";
    }
    const text = element("textarea");
    Object.assign(text, { value: lista, readOnly: true, rows: Math.min(12, saknas.length + 1) });
    text.setAttribute("aria-label", "De som saknas");
    const letter = element("a", "Öppna brevet i e-posten");
    letter.href = mailto;
    const buttons = element("div", "", "knappar");
    buttons.append(button("Kopiera listan", () => (text.select(), document.execCommand("copy"))), button("Spara brevet (.eml)", () => save("paminnelse.eml", eml)), letter);
    const known = saknas.filter((each) => each.adress).length;
    this.detail.replaceChildren(element("h2", `${counted(saknas.length, "nämnd", "nämnder")} att påminna`),
      element("p", known < saknas.length ? `Adress finns för ${known} av dem; de andra ställs in på servern. Inget skickas härifrån.` : "Inget skickas härifrån.", "stilla"), text, buttons);
    return "";
  }

  async history() {
    const { handelser } = await this.inbox.ask(`historik?${new URLSearchParams({ set: this.found.blankettset })}`);
    this.detail.replaceChildren(element("h2", "Historik"), ...handelser.map((each) => element("p", `${each.nr}. ${each.tid} ${each.text}`)));
    if (!handelser.length) this.detail.append(element("p", "Inget har hänt ännu.", "stilla"));
    return "";
  }

  // The chosen deliveries, fetched here and put together by the engine in the pane.
  async consolidate(table, said) {
    const chosen = [...table.querySelectorAll("tr[data-namnd]")].filter((line) => line.querySelector("input[type=checkbox]")?.checked);
    if (!chosen.length) throw new Error("Välj minst en nämnd att slå ihop.");
    const files = [];
    for (const line of chosen) {
      const { namnd } = line.dataset;
      const version = line.querySelector("select").value;
      said.progress({ step: files.length, steps: chosen.length, text: `Hämtar ${namnd} …` });
      const query = new URLSearchParams({ set: this.found.blankettset, namnd, version });
      files.push([`${namnd}_${this.found.blankettset}_v${version}.xlsx`, await this.inbox.fetch(`inlamning/fil?${query}`, { answer: "bytes" })]);
    }
    const filer = files.map(([namn], nr) => ({ namn, nr }));
    const answer = await this.doors.engine.ask("konsolidera", { filer }, files.map(([, file]) => file), said);
    await this.doors.open(answer.files[answer.said.fil]);
    if (answer.said.fel) trouble(`${counted(answer.said.fel, "fel finns", "fel finns")} i det som slogs ihop; bladet Fynd visar vilka.`);
    return `${counted(answer.said.antal, "nämnd", "nämnder")} i arbetsboken, ${answer.said.saknas.length} saknas. Den är öppnad i Excel.`;
  }
}
