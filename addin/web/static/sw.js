// The page without network: what lies in the version's folder never changes, and the pages are those that came last.
const STORE = "blankettset-$version";

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  const old = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("blankettset-")).sort();
    await Promise.all(names.filter((name) => name !== STORE).slice(0, -1).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(old());
});

async function kept(request) {
  const store = await caches.open(STORE);
  const found = await store.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await store.put(request, answer.clone());
  return answer;
}

async function newest(request) {
  const store = await caches.open(STORE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await store.put(request, answer.clone());
    return answer;
  } catch (error) {
    const found = await caches.match(request, { ignoreSearch: true });
    if (found) return found;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname.replace(new URL(self.registration.scope).pathname, "");
  if (request.method !== "GET" || path.startsWith("api/") || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(/^v[0-9a-f]{12}\//.test(path) ? kept(request) : newest(request));
});
