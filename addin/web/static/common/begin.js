// A new set for a nämnd and period, empty or begun with what earlier workbooks know.
import { at, element, now } from "./ui.js";

export class Begin {
  // `earlier` gives the workbooks to begin with, `give` takes the new one's name and content and says what became of it.
  constructor({ engine, work, earlier, give }) {
    Object.assign(this, { engine, work, earlier, give });
    at("ny-set").addEventListener("change", () => this.offerNamnder());
    at("skapa").addEventListener("click", () => this.make());
  }

  async offer() {
    if (this.choices) return;
    await this.work.run("Hämtar vad som kan skapas …", async () => {
      this.choices = (await this.engine.ask("val", { ar: new Date().getFullYear() })).said;
      this.choices.set.reverse();
      const named = (each) => `${each.set} ${each.titel}${each.belagt ? "" : " (efter mönster)"}`;
      at("ny-set").replaceChildren(...this.choices.set.map((each, number) => new Option(named(each), number)));
      const today = now().slice(0, 10); // the report that is due next
      at("ny-set").value = Math.max(0, this.choices.set.findLastIndex((each) => each.niva === "namnd" && each.dag >= today));
      this.offerNamnder();
    });
  }

  offerNamnder() {
    const { dag } = this.choices.set[Number(at("ny-set").value)];
    const there = this.choices.namnder.filter((each) => each.fran <= dag && (!each.till || each.till >= dag));
    const before = at("ny-namnd").value;
    at("ny-namnd").replaceChildren(...there.map((each) => new Option(`${each.namn} (${each.kod})`, each.kod)));
    if (there.some((each) => each.kod === before)) at("ny-namnd").value = before;
  }

  make() {
    return this.work.run("Skapar arbetsboken …", async (told) => {
      const { set, niva } = this.choices.set[Number(at("ny-set").value)];
      const books = await this.earlier();
      const tidigare = books.map((each, nr) => ({ namn: each.name, nr }));
      const said = { set, niva, namnd: at("ny-namnd").value, tidigare, lamna_kvar: at("ny-kvar").checked };
      const answer = await this.engine.ask("ny", said, books.map((each) => each.file), told);
      const [[name, content]] = Object.entries(answer.files);
      at("ny-sagt").replaceChildren(...answer.said.sagt.map((text) => element("p", text)));
      return `${answer.said.titel} för ${answer.said.namn}: ${await this.give(name, content)}`;
    });
  }
}
