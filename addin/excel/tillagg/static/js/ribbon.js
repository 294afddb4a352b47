// Buttons of the ribbon. The pane shares this page, so they use its functions.
async function viaPane(event, run) {
  try {
    await Office.addin.showAsTaskpane();
    await run();
  } finally {
    event.completed();
  }
}

Office.actions.associate("validera", (event) => viaPane(event, () => globalThis.blankettset.validate()));
Office.actions.associate("forklara", (event) => viaPane(event, () => globalThis.blankettset.explain()));
Office.actions.associate("nasta-fynd", (event) => viaPane(event, () => globalThis.blankettset.step(1)));
Office.actions.associate("jamfor", (event) => viaPane(event, () => globalThis.blankettset.compare()));
Office.actions.associate("lamna-in", (event) => viaPane(event, () => document.getElementById("av").focus()));
Office.actions.associate("inkorg", (event) => viaPane(event, () => globalThis.blankettset.inbox()));
