// Appended to Microsoft's own office.js: what Excel's process gives the page, answered by tests/excelvard.py.
// The client (excel-win32), its proxies, batches and errors are Microsoft's; only the wire ends here.
(() => {
  const SETS = { excelapi: 18, sharedruntime: 1, customfunctionsruntime: 4, addincommands: 3, ribbonapi: 2 };
  const supported = (set, version = "1.1") => {
    const [major, minor] = String(version).split(".").map(Number);
    return major === 1 && minor <= (SETS[set.toLowerCase()] ?? 0);
  };
  const listeners = [];
  window.__excelEvent = (entry) => listeners.forEach((each) => each({ entries: [entry] }));
  let line = Promise.resolve(); // Excel answers one request at a time, and tells of changes a little later
  const execute = (request, done) => {
    line = line.then(async () => {
      try {
        const { svar, handelser } = await window.__excel(request[4]);
        done({ status: "succeeded", value: { data: [200, [], svar] } });
        handelser.forEach((entry) => setTimeout(window.__excelEvent, 50, entry));
      } catch (error) {
        done({ status: "failed", error: { code: 5001, message: String(error) } });
      }
    });
  };
  const messages = {
    register: (listener) => Promise.resolve(void listeners.push(listener)),
    removeHandlerAsync: (name, options, done) => done({ status: "succeeded" }),
  };
  const getFileAsync = async (kind, options, done) => {
    const given = await window.__excelFile(kind);
    if (!given) return done({ status: "failed", error: { code: 2006, message: "The file is not available." } });
    const bytes = Uint8Array.from(atob(given), (sign) => sign.charCodeAt(0));
    const { sliceSize } = options;
    const getSliceAsync = (index, got) =>
      got({ status: "succeeded", value: { index, data: [...bytes.subarray(index * sliceSize, (index + 1) * sliceSize)] } });
    const closeAsync = (closed) => closed({ status: "succeeded" });
    done({ status: "succeeded", value: { size: bytes.length, sliceCount: Math.ceil(bytes.length / sliceSize), getSliceAsync, closeAsync } });
  };
  const context = { requirements: { isSetSupported: supported }, document: { getFileAsync }, officeTheme: window.__shim?.theme };
  const provide = () => Object.defineProperty(Office, "context", { value: context, configurable: true, writable: true });
  const ready = new Promise((resolve) => {
    const look = setInterval(() => {
      if (!globalThis.OSF?.DDA?.RichApi || !globalThis.Excel?.run || !globalThis.Strings?.OfficeOM) return;
      clearInterval(look);
      OSF.DDA.RichApi.executeRichApiRequestAsync = execute;
      OSF.DDA.RichApi.richApiMessageManager = messages;
      provide(); // Microsoft's start has put its own, empty one there
      resolve({ host: "Excel", platform: "PC" });
    }, 10);
  });
  provide();
  Office.onReady = (then) => (then ? ready.then(then) : ready);
  window.__ribbon = (name) => new Promise((completed) => Office.actions._association.mappings[name.toUpperCase()]({ completed }));
})();
