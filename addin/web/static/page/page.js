// The page: a workbook that is dropped here is checked here, without Excel and without leaving the machine.
import { Begin } from "../common/begin.js";
import { Findings } from "../common/findings.js";
import { followTheme } from "../common/theme.js";
import { Work, at, button, clock, counted, element, now, save, say, showEngine, tabs } from "../common/ui.js";
import { built } from "../version.js";
import { MARKUP } from "./markup.js";

const isBook = (file) => /\.xls[xm]$/i.test(file.name) && !file.name.startsWith("~$");
const bytes = async (file) => ({ name: file.name, file: new Uint8Array(await file.arrayBuffer()) });

export function startPage(engine) {
  at("sida").replaceChildren(document.createRange().createContextualFragment(MARKUP));
  at("sida").append(element("p", `Version ${built.program}. Inget lämnar den här datorn.`, "stilla"));
  followTheme();
  showEngine(engine);
  new Page(engine);
}

class Page {
  constructor(engine) {
    Object.assign(this, { engine, work: new Work(), book: null, earlier: [], handed: [], rolled: [] });
    this.findings = new Findings({ box: at("resultat"), verdict: at("utslag"), go: null, explain: (finding, text) => this.explain(finding, text) });
    this.tab = tabs(at("flikar"), (id) => {
      at("utslag").hidden = id !== "flik-kontroll" || !this.findings.result;
      if (id === "flik-ny") this.begin.offer();
    });
    this.dropZone(at("slapp-bok"), at("bok-fil"), (files) => this.chosen(files));
    this.dropZone(at("slapp-tidigare"), at("tidigare"), (files) => this.compare(files));
    this.dropZone(at("slapp-manga"), at("manga"), (files) => this.collect(files));
    at("hamta-kontroll").addEventListener("click", () => this.copy());
    at("lamna-in").addEventListener("click", () => this.handIn());
    at("sla-ihop").addEventListener("click", () => this.consolidate());
    at("tom-manga").addEventListener("click", () => this.collect([], true));
    at("fler-rader").addEventListener("click", () => this.grow());
    this.dropZone(at("slapp-ny"), at("ny-tidigare"), (files) => this.roll(files));
    const give = (name, content) => (save(name, content), `${name} är hämtad.`);
    this.begin = new Begin({ engine, work: this.work, earlier: async () => this.rolled, give });
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  }

  dropZone(zone, input, run) {
    const over = (on) => zone.classList.toggle("over", on);
    zone.addEventListener("dragover", () => over(true));
    zone.addEventListener("dragleave", () => over(false));
    zone.addEventListener("drop", (event) => {
      over(false);
      event.preventDefault();
      run([...event.dataTransfer.files]);
    });
    zone.querySelector("fluent-button").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      run([...input.files]);
      input.value = "";
    });
  }

  async chosen(files) {
    const books = files.filter(isBook);
    if (files.length === 1) {
      this.book = await bytes(files[0]); // whatever it is: the same words as the command line has for it
      this.explained = 0;
      return this.validate();
    }
    if (books.length < 2) return say("Släpp en arbetsbok (.xlsx).");
    this.tab("flik-manga");
    return this.collect(books);
  }

  async compare(files) {
    this.earlier = await Promise.all(files.filter(isBook).map(bytes));
    at("jamfors").textContent = this.earlier.length ? `Jämförs med ${this.earlier.map((each) => each.name).join(" och ")}.` : "Släpp nämndens tidigare arbetsböcker (.xlsx).";
    if (this.book) await this.validate();
  }

  asked(more = {}) {
    const tidigare = this.earlier.map((each, number) => ({ namn: each.name, nr: number + 1 }));
    return [{ fil: { namn: this.book.name, nr: 0 }, tidigare, ...more }, [this.book.file, ...this.earlier.map((each) => each.file)]];
  }

  validate() {
    at("bok").textContent = this.book.name;
    return this.work.run(this.engine.state === "klar" ? "Kontrollerar …" : "Väntar på att programmet ska läsas in …", async (told) => {
      at("efter").hidden = at("resultat").hidden = at("utslag").hidden = true;
      const { said } = await this.engine.ask("validera", ...this.asked(), told);
      at("bok").textContent = `${said.fil} · ${said.namnd} · ${said.blankettset}`;
      this.findings.show(said, clock());
      at("efter").hidden = false;
      at("lamna-falt").hidden = !said.far_lamnas_in;
      return this.explained ? `${counted(this.explained, "förklaring finns", "förklaringar finns")} bara här: hämta kopian så följer ${this.explained === 1 ? "den" : "de"} med.` : "";
    });
  }

  async explain(finding, text) {
    const forklaringar = [{ ...(finding.forklaras_med || finding), siffror: finding.siffror, text }];
    const went = await this.work.run("Skriver förklaringen …", async (told) => {
      const answer = await this.engine.ask("forklara", ...this.asked({ forklaringar }), told);
      [this.book.file] = Object.values(answer.files);
      this.explained += 1;
    });
    if (went) await this.validate();
  }

  copy() {
    return this.work.run("Skriver kopian …", async (told) => {
      const answer = await this.engine.ask("kontroll", ...this.asked(), told);
      const [[name, content]] = Object.entries(answer.files);
      save(name, content);
      return `${name} är hämtad. Fynden står på bladet Kontroll; din egen fil är inte ändrad.`;
    });
  }

  grow() {
    return this.work.run("Bygger arbetsboken med fler rader …", async (told) => {
      const answer = await this.engine.ask("fler_rader", ...this.asked(), told);
      const [[name, content]] = Object.entries(answer.files);
      save(name, content);
      return `${name} är hämtad: samma innehåll, med plats för fler rader i listorna.`;
    });
  }

  async roll(files) {
    this.rolled = await Promise.all(files.filter(isBook).map(bytes));
    at("ny-valda").textContent = this.rolled.length ? `Börjar med ${this.rolled.map((each) => each.name).join(" och ")}.` : "Släpp arbetsböcker (.xlsx).";
  }

  handIn() {
    const by = at("av").value.trim();
    if (!by) {
      say("Skriv din funktion, till exempel controller.");
      return at("av").focus();
    }
    return this.work.run("Stämplar …", async (told) => {
      const answer = await this.engine.ask("stampla", ...this.asked({ tid: now().replace("T", " ").slice(0, 16), av: by }), told);
      const [[name, content]] = Object.entries(answer.files);
      save(name, content);
      return `${name} är hämtad, stämplad med kvitto ${answer.said.kvitto}. Skicka den filen.`;
    });
  }

  async collect(files, afresh = false) {
    const books = await Promise.all(files.filter(isBook).map(bytes));
    this.handed = afresh ? books : [...this.handed, ...books];
    at("manga-filer").replaceChildren(...this.handed.map((each) => element("li", each.name)));
    at("manga-antal").textContent = this.handed.length ? counted(this.handed.length, "arbetsbok vald.", "arbetsböcker valda.") : "";
    at("sla-ihop").disabled = !this.handed.length;
    at("stad").replaceChildren();
  }

  consolidate() {
    return this.work.run("Slår ihop …", async (told) => {
      const filer = this.handed.map((each, nr) => ({ namn: each.name, nr }));
      const { said, files } = await this.engine.ask("konsolidera", { filer, tid: now() }, this.handed.map((each) => each.file), told);
      this.showCity(said, files);
      const units = said.namnder.some((each) => each.enhet);
      return `${counted(said.antal, units ? "enhet" : "nämnd", units ? "enheter" : "nämnder")} i arbetsboken, ${said.saknas.length} saknas, ${said.fel} fel.`;
    }, { canStop: true });
  }

  showCity(said, files) {
    const table = element("table");
    const head = element("tr");
    head.append(...said.rubriker.map((text, at) => element("th", text, at > 1 ? "tal" : "")));
    table.append(head, ...said.rader.map((row) => {
      const line = element("tr");
      line.append(...row.map((text, at) => element("td", text, at > 1 ? "tal" : "")));
      return line;
    }));
    const scroll = element("div", "", "rullbar");
    scroll.append(table);
    const list = said.fynd.map((each) => element("p", `${each.kod} ${each.allvar}${each.fil ? ` · ${each.fil}` : ""}: ${each.text}`));
    const fold = element("details");
    fold.append(element("summary", `Fynd mellan arbetsböckerna (${list.length})`), ...list);
    const keep = Object.entries(files).map(([name, content]) => button(`Hämta ${name}`, () => save(name, content), { primary: name === said.fil }));
    const bar = element("div", "", "knappar");
    bar.append(...keep);
    at("stad").replaceChildren(bar, scroll, ...(list.length ? [fold] : []));
  }
}
