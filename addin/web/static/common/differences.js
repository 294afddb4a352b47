// What differs from earlier workbooks, form by form.
import { button, element } from "./ui.js";

export function differences(result, go) {
  const parts = [];
  for (const compared of result.skillnader || []) {
    parts.push(element("h2", `Skillnader mot ${compared.mot} (${compared.antal})`));
    const byForm = new Map();
    for (const one of compared.skillnader) byForm.set(one.blankett, [...(byForm.get(one.blankett) || []), one]);
    for (const [form, found] of byForm) {
      const fold = element("details", "", "skillnader");
      fold.append(element("summary", `${result.titlar[form] || form} (${found.length})`), ...found.map((one) => difference(one, go)));
      parts.push(fold);
    }
    const more = compared.antal - compared.skillnader.length;
    if (more) parts.push(element("p", `… och ${more} till.`, "stilla"));
    if (!compared.antal) parts.push(element("p", "Inget skiljer.", "stilla"));
  }
  return parts;
}

function difference(one, go) {
  const line = element("div", "", "skillnad");
  const change = one.andring && !one.andring.startsWith("\u2212") ? `+${one.andring}` : one.andring;
  const what = [one.rad, one.kolumn].filter(Boolean).join(" · ");
  const values = one.kolumn ? `${one.fore || "tomt"} → ${one.nu || "tomt"}${change ? ` (${change})` : ""}` : one.nu;
  line.append(go && one.cell ? button(what, () => go(one.blad, one.cell)) : element("span", what), element("span", values, "varden"));
  return line;
}
