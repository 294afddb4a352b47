// The findings of a check, as the pane and the page list them. Nothing is put in as HTML.
import { button, counted, element } from "./ui.js";
import { differences } from "./differences.js";

const WORDS = { fel: ["fel", "fel"], varning: ["varning", "varningar"], upplysning: ["upplysning", "upplysningar"], prov: ["på prov", "på prov"], "förklarad": ["förklarad", "förklarade"] };
const swedish = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 3 });
const kindOf = (finding) => (finding.forklaring ? "förklarad" : finding.prov ? "prov" : finding.allvar);
const plain = (kind) => kind.replace("ö", "o");
export const explainable = (finding) => finding.allvar === "varning" && !finding.forklaring && !finding.prov;
const keyOf = ({ kod, blankett, rad, kolumn, siffror }) => [kod, blankett, rad, kolumn, siffror].join("\u001f");

export class Findings {
  // `box` holds the list, `verdict` the sentence above it; `go(sheet, cell)` leads to a cell (none on the page), and
  // `explain(finding, text)` writes an explanation, of all the places that the finding stands for.
  constructor({ box, verdict, go, explain }) {
    Object.assign(this, { box, verdict, go, explain, result: null, chosen: 0, drafts: new Map(), open: new Set(), hidden: new Set(), words: "", onlyOpen: false });
  }

  show(result, time) {
    this.result = result;
    this.time = time;
    this.chosen = 0;
    this.frame();
    this.list();
  }

  // The figures may have changed since the check.
  stale(time) {
    if (!this.result || this.verdict.classList.contains("gammal")) return;
    this.verdict.classList.add("gammal");
    this.verdict.append(element("p", `Arbetsboken ändrades ${time}. Fynden gäller den som den var ${this.time}; validera igen.`, "gammalt"));
  }

  frame() {
    const counts = new Map();
    for (const each of this.result.fynd) counts.set(kindOf(each), (counts.get(kindOf(each)) || 0) + 1);
    const said = [...counts].map(([kind, number]) => counted(number, ...WORDS[kind])).join(", ");
    this.verdict.className = `utslag ${this.result.far_lamnas_in ? "bra" : "stopp"}`;
    this.verdict.replaceChildren(element("strong", this.result.far_lamnas_in ? "Får lämnas in." : "Får inte lämnas in ännu."), ` ${said || "Inga fynd"}.`);
    this.verdict.hidden = false;
    this.area = element("div", "", "lista");
    this.area.addEventListener("keydown", (event) => this.keys(event));
    this.note = element("p", "", "stilla");
    this.note.setAttribute("role", "status");
    this.box.replaceChildren(...(this.result.fynd.length > 1 ? [this.filter(counts)] : []), this.note, this.area, ...differences(this.result, this.go));
    this.box.hidden = false;
  }

  filter(counts) {
    const bar = element("div", "", "filter");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Vilka fynd som visas");
    const search = element("input");
    Object.assign(search, { type: "search", placeholder: "Sök i fynden", value: this.words });
    search.setAttribute("aria-label", "Sök i fynden");
    search.addEventListener("input", () => this.filtered(() => (this.words = search.value)));
    bar.append(search);
    if (counts.size > 1)
      for (const [kind, number] of counts)
        bar.append(this.tick(`${WORDS[kind][1]} (${number})`, !this.hidden.has(kind), (on) => (on ? this.hidden.delete(kind) : this.hidden.add(kind)), `ord-${plain(kind)}`));
    if (counts.has("varning") && counts.has("förklarad")) bar.append(this.tick("bara oförklarade", this.onlyOpen, (on) => (this.onlyOpen = on)));
    return bar;
  }

  tick(text, on, change, className = "") {
    const label = element("label", "", "ruta");
    const box = element("input");
    Object.assign(box, { type: "checkbox", checked: on });
    box.addEventListener("change", () => this.filtered(() => change(box.checked)));
    label.append(box, element("span", text, className));
    return label;
  }

  filtered(change) {
    change();
    this.chosen = 0;
    this.list();
  }

  visible() {
    const words = this.words.toLocaleLowerCase("sv").split(/\s+/).filter(Boolean);
    return (this.result?.fynd || []).filter((each) => {
      if (this.hidden.has(kindOf(each)) || (this.onlyOpen && !explainable(each))) return false;
      const text = [each.kod, each.blad, each.cell, each.text, each.atgard, each.forklaring, this.result.titlar[each.blankett]].join(" ").toLocaleLowerCase("sv");
      return words.every((word) => text.includes(word));
    });
  }

  list() {
    const findings = this.visible();
    const parts = [];
    let form, group;
    findings.forEach((finding, number) => {
      if (finding.blankett !== form || !parts.length) {
        form = finding.blankett;
        const many = findings.filter((other) => other.blankett === form).length;
        const title = this.result.titlar[form] || "Arbetsboken";
        group = element("div");
        group.setAttribute("role", "list");
        group.setAttribute("aria-label", `Fynd: ${title}`);
        parts.push(element("h2", `${title} (${many})`), group);
      }
      group.append(this.card(finding, number));
    });
    const away = this.result.fynd.length - findings.length;
    this.note.textContent = away ? `${away} dolda av filtret.` : this.result.fynd.length ? "" : "Inga fynd.";
    this.area.replaceChildren(...parts);
    this.mark(Math.min(this.chosen, findings.length - 1), false);
  }

  card(finding, number) {
    const kind = kindOf(finding);
    const box = element("div", "", `fynd ${plain(kind)}`);
    box.setAttribute("role", "listitem");
    box.dataset.nummer = number;
    const head = element("div", "", "rubrik");
    const place = [finding.blad, finding.cell].filter(Boolean).join(" ");
    head.append(element("span", WORDS[kind][0], `ord ord-${plain(kind)}`), element("span", finding.kod, "kod"), element("span", place, "plats"));
    const what = element("p", finding.forklaring ? `Förklaring: ${finding.forklaring}` : `→ ${finding.atgard}`, "atgard");
    box.append(head, what, element("p", finding.text, "text"), this.more(finding));
    if (explainable(finding)) box.append(this.explainer(finding));
    box.addEventListener("click", (event) => {
      if (!event.target.closest("textarea, input, fluent-button, button, details")) this.choose(number);
    });
    return box;
  }

  // Figures, the places that a finding stands for, and the rule's own words, behind a fold.
  more(finding) {
    const fold = element("details");
    const places = finding.platser?.length ? finding.platser : [];
    fold.append(element("summary", places.length ? `${places.length} ställen och regeln ${finding.kod}` : `Siffror och regeln ${finding.kod}`));
    if (finding.siffror) fold.append(element("p", figures(finding), "siffror"));
    if (places.length) {
      const list = element("ul", "", "stallen");
      list.append(...places.map((place) => this.place(place)));
      fold.append(list);
    }
    const rule = this.result.regler[finding.kod];
    if (rule) {
      fold.append(element("p", rule.titel, "regel"));
      for (const [name, text] of rule.stycken) fold.append(element("p", `${name} ${text}`));
      fold.append(element("p", `Källa: ${rule.kalla}`));
    }
    return fold;
  }

  place(place) {
    const line = element("li");
    const where = [place.blad, place.cell].filter(Boolean).join(" ");
    const go = this.go && place.blad ? button(where, () => this.go(place.blad, place.cell)) : element("span", where);
    const said = typeof place.funnet === "number" ? swedish.format(place.funnet) : place.funnet;
    line.append(go, element("span", said ? ` ${said}` : ""));
    return line;
  }

  explainer(finding) {
    const wrap = element("div", "", "forklara");
    const key = keyOf(finding);
    const closed = () => {
      this.open.delete(key);
      wrap.replaceChildren(button("Förklara", opened, { className: "oppna" }));
      this.reach();
    };
    const opened = () => {
      this.open.add(key);
      const text = element("textarea");
      Object.assign(text, { value: this.drafts.get(key) || "", placeholder: "Orsaken, de stora delarna med belopp, och vad som görs.", maxLength: 4000 });
      text.setAttribute("aria-label", `Förklaring av ${finding.kod}`);
      text.addEventListener("input", () => this.drafts.set(key, text.value));
      const why = element("p", "", "varfor");
      why.setAttribute("role", "alert");
      const save = button("Spara förklaringen", () => {
        if (text.value.trim().length < 3) {
          why.textContent = "Skriv vad skillnaden beror på; en tom förklaring går inte att spara.";
          return text.focus();
        }
        this.drafts.delete(key);
        this.open.delete(key);
        return this.explain(finding, text.value.trim());
      }, { primary: true, className: "arbete" });
      const drop = button("Avbryt", () => {
        this.drafts.delete(key);
        closed();
      });
      const buttons = element("div", "", "knappar");
      buttons.append(save, drop);
      wrap.replaceChildren(text, why, buttons);
      this.reach();
      if (document.activeElement !== document.body) text.focus();
    };
    if (this.open.has(key)) opened();
    else closed();
    return wrap;
  }

  // The explanation of the chosen warning, else of the first that has none. False when nothing needs one.
  openExplanation() {
    const findings = this.visible();
    const number = explainable(findings[this.chosen] || {}) ? this.chosen : findings.findIndex(explainable);
    if (number < 0) return false;
    this.mark(number);
    this.area.querySelector(".fynd.vald .forklara fluent-button.oppna")?.click();
    this.area.querySelector(".fynd.vald textarea")?.focus();
    return true;
  }

  // Up and down between findings, Enter or Space to its cell; only the chosen finding's own buttons are reached by Tab.
  keys(event) {
    const box = event.target.closest?.(".fynd");
    if (!box || event.target !== box) return;
    const number = Number(box.dataset.nummer);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const end = { Home: 0, End: this.visible().length - 1 }[event.key];
    if (step !== undefined || end !== undefined) {
      this.mark(end ?? Math.max(0, Math.min(this.visible().length - 1, number + step)));
      this.area.querySelector(".fynd.vald").focus();
    } else if (event.key === "Enter" || event.key === " ") this.choose(number);
    else return;
    event.preventDefault();
  }

  mark(number, shown = true) {
    this.chosen = Math.max(0, number);
    this.area.querySelectorAll(".fynd").forEach((box) => box.classList.toggle("vald", Number(box.dataset.nummer) === this.chosen));
    this.reach();
    if (shown) this.area.querySelector(".fynd.vald")?.scrollIntoView({ block: "nearest" });
  }

  reach() {
    for (const box of this.area.querySelectorAll(".fynd")) {
      const own = box.classList.contains("vald");
      box.tabIndex = own ? 0 : -1;
      box.querySelectorAll("summary, fluent-button, textarea, input").forEach((each) => (each.tabIndex = own ? 0 : -1));
    }
  }

  choose(number) {
    const finding = this.visible()[number];
    if (!finding) return;
    this.mark(number);
    if (finding.blad) this.go?.(finding.blad, finding.cell);
  }

  step(direction) {
    const count = this.visible().length;
    if (count) this.choose((this.chosen + direction + count) % count);
  }
}

// Found, expected, and what is between them when both are figures.
function figures(finding) {
  const { funnet, forvantat, tolerans } = finding;
  if (typeof funnet !== "number" || typeof forvantat !== "number") return finding.siffror;
  const allowed = tolerans ? `, tolerans ${swedish.format(tolerans)}` : "";
  return `Står ${swedish.format(funnet)}, väntat ${swedish.format(forvantat)}, skillnad ${swedish.format(funnet - forvantat)}${allowed}`;
}
