// Handing in: to the host's inbox where there is one, else a stamp in the workbook and a stamped file to save.
import { at, button, element, now, save, say, trouble } from "../common/ui.js";
import * as excel from "./excel.js";
import { Inbox } from "./inbox.js";
import { COLOUR, City, told } from "./slk.js";

const NONE = "Här finns ingen inkorg. Lämna in kontrollerar arbetsboken, stämplar tid, funktion och kvitto på försättsbladet, och ger dig filen att skicka.";
const INBOX = "Arbetsboken kontrolleras igen i inkorgen, mot nämndens förra inlämning, och läggs där med kvitto. Fel och oförklarade varningar stoppar.";

export class Delivery {
  // `show` lists the findings of a delivery that the inbox refused.
  constructor({ engine, work, file, earlier, show }) {
    Object.assign(this, { engine, work, file, earlier, show });
    this.inbox = new Inbox();
    at("lamna-in").addEventListener("click", () => this.handIn());
    this.found = this.inbox.find().then((there) => {
      at("lamna-text").textContent = there ? INBOX : NONE;
      if (there && this.inbox.who?.slk) {
        at("flik-slk").hidden = false;
        at("flik-slk").addEventListener("click", () => this.openInbox());
      } else if (there && this.inbox.who?.namnder?.length) return this.standing().catch(() => undefined);
      return undefined;
    });
  }

  // Where the nämnd's own deliveries stand, with what SLK has written.
  async standing() {
    const { blankettset, rader, sista_dag } = await this.inbox.ask("inkorg?set=");
    at("lamnat-lage").replaceChildren(...rader.flatMap((row) => {
      const line = element("p", `${blankettset} ${row.namn}: `);
      line.append(element("span", row.status, COLOUR[row.status]), sista_dag ? `. Sista dag ${sista_dag.dag}.` : ".");
      return [line, ...row.versioner.slice(-1).flatMap(told)];
    }));
  }

  // Yearly reports are attested: the cover sheet says by whom, before they are handed in.
  checked(result) {
    at("attest-text").hidden = result.period !== "VB";
    at("attest-text").textContent = "Verksamhetsberättelsen ska vara attesterad: fyll i vem (funktion) och när på försättsbladet.";
  }

  handIn() {
    const by = at("av").value.trim();
    if (!by) {
      trouble("Skriv din funktion, till exempel controller. Den står i kvittot i stället för ditt namn.");
      at("av").focus();
      return undefined;
    }
    return this.work.run("Lämnar in …", async (told) => {
      await this.found;
      const book = await this.file();
      return this.inbox.there ? this.toInbox(book, by) : this.stamped(book, by, told);
    });
  }

  async stamped(book, by, told) {
    const earlier = this.earlier();
    const said = { fil: { namn: book.name, nr: 0 }, tid: now().replace("T", " ").slice(0, 16), av: by, tidigare: earlier.map((each, number) => ({ namn: each.name, nr: number + 1 })) };
    const answer = await this.engine.ask("stampla", said, [book.file, ...earlier.map((each) => each.file)], told);
    const [[name, content]] = Object.entries(answer.files);
    const line = element("p", `Stämplad ${said.tid} av ${by}. Kvitto ${answer.said.kvitto}. `);
    line.append(button(`Spara ${name}`, () => save(name, content)), button("Öppna den i Excel", () => excel.openFile(content)));
    at("inlamnat").replaceChildren(line);
    return this.stampOpen(answer.said, "Stämplad. Spara filen och skicka den till staden.");
  }

  async toInbox(book, by) {
    const done = await this.inbox.handIn(book, by).catch((refused) => {
      if (refused.result) this.show(refused.result);
      throw refused;
    });
    if (!this.inbox.who?.slk) await this.standing().catch(() => undefined);
    at("inlamnat").replaceChildren(element("p", `Inlämnad ${done.tid} som version ${done.version}${done.slag ? ` (${done.slag})` : ""}. Kvitto ${done.kvitto}.`));
    return this.stampOpen(done.stampel, `Inlämnad ${done.tid} som version ${done.version}. Kvitto ${done.kvitto}.`);
  }

  async stampOpen(stamp, told) {
    try {
      await excel.stamp(stamp.blad, stamp.celler);
      return told;
    } catch {
      return `${told} Försättsbladet är låst med lösenord, så stämpeln står bara i den inlämnade filen.`;
    }
  }

  async openInbox() {
    await this.found;
    if (!this.inbox.there) return say("Här finns ingen inkorg. Slå ihop nämndernas filer på sidan (index.html).");
    const city = new City(at("inkorg"), this.inbox, { engine: this.engine, work: this.work, open: excel.openFile });
    return this.work.run("Hämtar inkorgen …", () => city.show());
  }
}
