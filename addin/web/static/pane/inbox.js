// The host's inbox (docs/inkorg.md): who I am there, and what is asked of it.
const SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const LOST = "Inkorgen svarar inte. Kontrollera nätet och försök igen; arbetsboken är inte ändrad.";

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
    throw Object.assign(new Error(said.text || LOST), { result: said.resultat });
  }

  ask = (path, said) => this.fetch(path, said && { body: JSON.stringify(said) });

  handIn(book, by) {
    const query = new URLSearchParams({ namn: book.name, funktion: by, ...(this.login?.sort === "ingen" ? { av: by } : {}) });
    return this.fetch(`lamna-in?${query}`, { body: book.file, type: SHEET });
  }
}
