// A login in the city's Entra ID, by Microsoft's own library: in Office the account that Excel is signed in with, else a window.

let app = null;

async function started({ klient, tenant }) {
  const script = document.createElement("script");
  script.src = new URL("../../msal/msal-browser.min.js", import.meta.url).href;
  await new Promise((resolve, reject) => Object.assign(script, { onload: resolve, onerror: reject }) && document.head.append(script));
  const auth = { clientId: klient, authority: `https://login.microsoftonline.com/${tenant}`, redirectUri: location.origin };
  const nested = Office.context.requirements.isSetSupported("NestedAppAuth", "1.1");
  return nested ? msal.createNestablePublicClientApplication({ auth }) : msal.createStandardPublicClientApplication({ auth });
}

// A token for the inbox; asked for without a word when it can be had so.
export async function token(login) {
  app ??= await started(login);
  const asked = { scopes: [login.omfattning], account: app.getAllAccounts()[0] };
  try {
    return (await app.acquireTokenSilent(asked)).accessToken;
  } catch {
    return (await app.acquireTokenPopup(asked)).accessToken;
  }
}
