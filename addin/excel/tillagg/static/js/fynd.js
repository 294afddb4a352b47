// The findings of a check and the differences from earlier workbooks, as the pane lists them. Nothing is put in as HTML.

export const SEVERITIES = ["fel", "varning", "upplysning"];
const at = (id) => document.getElementById(id);

export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

export class Findings {
  // `go` leads to a finding's cell, `explain` takes a finding and the text that explains it.
  constructor(go, explain) {
    Object.assign(this, { go, explain, result: null, shown: new Set(SEVERITIES), chosen: -1 });
  }

  show(result) {
    this.result = result;
    this.chosen = -1;
    at("bok").textContent = `${result.fil} · ${result.namnd} · ${result.blankettset}`;
    const counts = result.sammanfattning;
    const verdict = at("utslag");
    verdict.hidden = false;
    verdict.textContent = `${result.far_lamnas_in ? "Får lämnas in." : "Får inte lämnas in ännu."} ${counts.fel} fel, ${counted(counts.varning, "varning", "varningar")}, ${counted(counts.upplysning, "upplysning", "upplysningar")}, ${counted(counts.forklarade, "förklarad", "förklarade")}.`;
    const filter = at("filter");
    filter.hidden = false;
    filter.replaceChildren(...SEVERITIES.map((severity) => this.filterBox(severity)));
    this.list();
    showDifferences(result, this.go);
  }

  filterBox(severity) {
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.checked = this.shown.has(severity);
    box.addEventListener("change", () => {
      if (box.checked) this.shown.add(severity);
      else this.shown.delete(severity);
      this.chosen = -1;
      this.list();
    });
    const count = this.result.fynd.filter((finding) => finding.allvar === severity).length;
    label.append(box, element("span", `${severity} (${count})`, `ord-${severity}`));
    return label;
  }

  visible() {
    return this.result ? this.result.fynd.filter((finding) => this.shown.has(finding.allvar)) : [];
  }

  list() {
    const findings = this.visible();
    const parts = [];
    let form = null;
    findings.forEach((finding, number) => {
      if (finding.blankett !== form || !parts.length) {
        form = finding.blankett;
        const inForm = findings.filter((other) => other.blankett === form).length;
        parts.push(element("h2", `${this.result.titlar[form] || "Arbetsboken"} (${inForm})`));
      }
      parts.push(this.card(finding, number));
    });
    if (!findings.length) parts.push(element("p", "Inga fynd.", "stilla"));
    at("fynd").replaceChildren(...parts);
    at("nasta").disabled = at("foregaende").disabled = !findings.length;
  }

  card(finding, number) {
    const box = element("div", "", `fynd ${finding.allvar}`);
    box.tabIndex = 0;
    box.dataset.nummer = number;
    const head = element("div", "", "rubrik");
    const kind = finding.forklaring ? "forklarad" : finding.allvar;
    head.append(element("span", finding.kod), element("span", finding.forklaring ? "förklarad" : finding.allvar, `ord-${kind}`));
    box.append(head, element("p", finding.text));
    if (finding.siffror) box.append(element("p", figures(finding), "siffror"));
    box.append(element("p", finding.forklaring ? `Förklaring: ${finding.forklaring}` : finding.atgard, "atgard"));
    box.append(this.rule(finding));
    if (explainable(finding)) box.append(this.explainer(finding));
    box.addEventListener("click", (event) => {
      if (!event.target.closest("textarea, button, details")) this.choose(number);
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === box) this.choose(number);
    });
    return box;
  }

  // The rule's own words, behind a fold.
  rule(finding) {
    const rule = this.result.regler[finding.kod];
    const fold = element("details", "", "regel");
    fold.append(element("summary", `Regel ${finding.kod}: ${rule.titel}`));
    for (const [name, text] of rule.stycken) fold.append(element("p", `${name} ${text}`));
    fold.append(element("p", `Källa: ${rule.kalla}`));
    return fold;
  }

  explainer(finding) {
    const wrap = element("div", "", "forklara");
    const open = element("button", "Förklara");
    open.type = "button";
    open.addEventListener("click", () => {
      const text = element("textarea");
      text.setAttribute("aria-label", "Förklaring");
      text.placeholder = "Orsaken, de stora delarna med belopp, och vad som görs.";
      const save = element("button", "Spara förklaringen");
      save.type = "button";
      save.addEventListener("click", () => this.explain(finding, text.value.trim()));
      wrap.replaceChildren(text, save);
      text.focus();
    });
    wrap.append(open);
    return wrap;
  }

  // The explanation of the chosen warning, else of the first that has none. False when nothing needs one.
  openExplanation() {
    const findings = this.visible();
    let number = this.chosen;
    if (!findings[number] || !explainable(findings[number])) number = findings.findIndex(explainable);
    if (number < 0) return false;
    this.mark(number);
    document.querySelector(".fynd.vald .forklara button")?.click();
    return true;
  }

  mark(number) {
    this.chosen = number;
    document.querySelectorAll(".fynd").forEach((box) => box.classList.toggle("vald", Number(box.dataset.nummer) === number));
    document.querySelector(".fynd.vald")?.scrollIntoView({ block: "nearest" });
  }

  choose(number) {
    const finding = this.visible()[number];
    if (!finding) return;
    this.mark(number);
    if (finding.blad) this.go(finding.blad, finding.cell);
  }

  step(direction) {
    const count = this.visible().length;
    if (count) this.choose((this.chosen + direction + count) % count);
  }
}

const explainable = (finding) => finding.allvar === "varning" && !finding.forklaring;
const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;
const swedish = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 3 });

// Found, expected, and what is between them when both are figures.
function figures(finding) {
  const { funnet, forvantat, tolerans } = finding;
  if (typeof funnet !== "number" || typeof forvantat !== "number") return finding.siffror;
  const allowed = tolerans ? `, tolerans ${swedish.format(tolerans)}` : "";
  return `Står ${swedish.format(funnet)}, väntat ${swedish.format(forvantat)}, skillnad ${swedish.format(funnet - forvantat)}${allowed}`;
}

function showDifferences(result, go) {
  const parts = [];
  for (const compared of result.skillnader || []) {
    parts.push(element("h2", `Skillnader mot ${compared.mot} (${compared.antal})`));
    const byForm = new Map();
    for (const one of compared.skillnader) byForm.set(one.blankett, [...(byForm.get(one.blankett) || []), one]);
    for (const [form, found] of byForm) {
      const fold = element("details", "", "skillnader");
      fold.append(element("summary", `${result.titlar[form]} (${found.length})`));
      fold.append(...found.map((one) => difference(one, go)));
      parts.push(fold);
    }
    const more = compared.antal - compared.skillnader.length;
    if (more) parts.push(element("p", `… och ${more} till.`, "stilla"));
    if (!compared.antal) parts.push(element("p", "Inget skiljer.", "stilla"));
  }
  at("skillnader").replaceChildren(...parts);
}

function difference(one, go) {
  const line = element("button", "", "skillnad");
  line.type = "button";
  line.disabled = !one.cell;
  const change = one.andring && !one.andring.startsWith("\u2212") ? `+${one.andring}` : one.andring;
  line.append(element("span", [one.rad, one.kolumn].filter(Boolean).join(" · ")),
    element("span", one.kolumn ? `${one.fore || "tomt"} → ${one.nu || "tomt"}${change ? ` (${change})` : ""}` : one.nu, "varden"));
  line.addEventListener("click", () => go(one.blad, one.cell));
  return line;
}
