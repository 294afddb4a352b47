// The inbox, for SLK: who has delivered, which version to take, and the last day.
import { element } from "./fynd.js";

const at = (id) => document.getElementById(id);
const COLOUR = { saknas: "ord-varning", "försenad": "ord-fel", "lämnad": "ord-forklarad", "lämnad sent": "ord-varning" };

export function showInbox(found) {
  at("inkorg-set").replaceChildren(...found.set.map((id) => new Option(id, id, false, id === found.blankettset)));
  at("sista-dag").value = found.sista_dag ? found.sista_dag.dag : "";
  at("sista-dag-text").textContent = found.sista_dag
    ? `Satt ${found.sista_dag.satt} av ${found.sista_dag.av}.`
    : "Ingen sista dag är satt, så ingen räknas som sen.";
  at("inkorg-rader").replaceChildren(...found.rader.map(row));
  const counts = new Map();
  for (const each of found.rader) counts.set(each.status, (counts.get(each.status) || 0) + 1);
  at("inkorg-antal").textContent = [...counts].map(([status, number]) => `${status}: ${number}`).join(", ");
  at("inkorg").hidden = false;
}

function row(found) {
  const line = element("tr");
  line.dataset.namnd = found.namnd;
  const chosen = element("td");
  const version = element("td");
  const time = element("td");
  if (found.versioner.length) {
    const box = element("input");
    box.type = "checkbox";
    box.checked = true;
    box.setAttribute("aria-label", `Ta med ${found.namn}`);
    chosen.append(box);
    const choice = element("select");
    choice.setAttribute("aria-label", `Version från ${found.namn}`);
    const last = found.versioner[found.versioner.length - 1];
    choice.append(...[...found.versioner].reverse().map((each) => new Option(`v${each.version}`, each.version, false, each === last)));
    const told = () => {
      const each = found.versioner.find((one) => String(one.version) === choice.value);
      time.textContent = each.tid;
      time.title = each.av;
    };
    choice.addEventListener("change", told);
    told();
    version.append(choice);
  }
  line.append(chosen, element("td", found.namn), element("td", found.status, COLOUR[found.status]), version, time);
  return line;
}

// Nämnd and version of every row that is ticked.
export function chosenDeliveries() {
  return [...at("inkorg-rader").children]
    .filter((line) => line.querySelector("input")?.checked)
    .map((line) => ({ namnd: line.dataset.namnd, version: Number(line.querySelector("select").value) }));
}
