// The server: one question, one answer as JSON, and every trouble as one Swedish sentence.

export function base64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 32768) text += String.fromCharCode(...bytes.subarray(start, start + 32768));
  return btoa(text);
}

// Ask a script on the server; its answer is the JSON that it gives the callback `macro`.
export async function call(script, payload, args, macro) {
  const auth = typeof globalThis.getAuth === "function" ? await globalThis.getAuth() : { token: "", provider: "" };
  const headers = { "Content-Type": "application/json", Authorization: auth.token, "Auth-Provider": auth.provider };
  let response;
  try {
    response = await fetch(`${globalThis.config.appPath}/xlwings/custom-scripts-call/${script}`, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...payload, args }),
    });
  } catch {
    throw new Error("Servern svarar inte. Kontrollera nätet och försök igen; arbetsboken är inte ändrad.");
  }
  if (!response.ok) {
    if (response.status === 401 || response.status === 403)
      throw new Error("Du är inte inloggad eller saknar behörighet. Logga in i Excel och försök igen.");
    if (response.status === 413) throw new Error("Arbetsboken är för stor för att skickas. Är det rätt fil?");
    const text = response.status === 400 ? await detail(response) : "";
    throw new Error(text || "Det gick inte att göra på servern. Försök igen, och hör av dig om felet består.");
  }
  const answer = await response.json();
  const found = (answer.actions || []).find((action) => action.func === "runMacro" && action.args[0] === macro);
  if (!found) throw new Error("Servern svarade men utan resultat. Försök igen.");
  return JSON.parse(found.args[1]);
}

async function detail(response) {
  const text = await response.text();
  try {
    const data = JSON.parse(text);
    return data.detail || data.error || "";
  } catch {
    return text;
  }
}
