// Excel: what the pane reads from the open workbook and writes into it. Knows nothing of the page.

// The open workbook's name, as Excel shows it.
export function name() {
  return Excel.run(async (context) => {
    context.workbook.load("name");
    await context.sync();
    return context.workbook.name;
  });
}

// What stands in the open workbook, where Excel does not give the file: every sheet's values from A1, and its formulas as
// sheet -> [row, column, text], counted from 1. Dates are Excel's own numbers.
export async function contents() {
  return Excel.run(async (context) => {
    const sheets = context.workbook.worksheets;
    sheets.load("items/name,items/visibility");
    await context.sync();
    const used = sheets.items.map((sheet) => {
      const range = sheet.getUsedRangeOrNullObject(true);
      range.load("formulas,values,rowIndex,columnIndex,isNullObject");
      return range;
    });
    await context.sync();
    const formulas = {};
    const read = sheets.items.map(({ name, visibility }, number) => {
      const range = used[number];
      if (range.isNullObject) return { name, visibility, values: [[]] };
      const cells = [];
      range.formulas.forEach((row, y) =>
        row.forEach((cell, x) => {
          // a text that only begins like a formula is its own value
          if (typeof cell === "string" && cell.startsWith("=") && cell !== range.values[y][x])
            cells.push([range.rowIndex + y + 1, range.columnIndex + x + 1, cell]);
        }),
      );
      if (cells.length) formulas[name] = cells;
      const left = Array(range.columnIndex).fill("");
      const values = [...Array.from({ length: range.rowIndex }, () => []), ...range.values.map((row) => [...left, ...row])];
      return { name, visibility, values };
    });
    return { bok: { sheets: read }, formler: formulas };
  });
}

// The workbook as the file that Excel would save, a piece at a time; Excel keeps one such file open and no more.
export function savedFile() {
  return new Promise((resolve, reject) => {
    Office.context.document.getFileAsync("compressed", { sliceSize: 4194304 }, (opened) => {
      if (opened.status !== "succeeded") return reject(new Error("Excel lämnade inte ut filen"));
      const file = opened.value;
      const slices = [];
      const end = (finish) => file.closeAsync(() => finish());
      const next = (number) => {
        if (number === file.sliceCount) return end(async () => resolve(new Uint8Array(await new Blob(slices).arrayBuffer())));
        file.getSliceAsync(number, (part) => {
          if (part.status !== "succeeded") return end(() => reject(new Error("filen kom inte fram hel från Excel")));
          slices.push(Uint8Array.from(part.value.data));
          next(number + 1);
        });
      };
      next(0);
    });
  });
}

export async function select(sheetName, cell) {
  await Excel.run(async (context) => {
    const sheet = context.workbook.worksheets.getItemOrNullObject(sheetName);
    await context.sync();
    if (sheet.isNullObject) throw new Error(`Bladet ${sheetName} finns inte längre. Kontrollera igen.`);
    sheet.activate();
    if (cell) sheet.getRange(cell).select();
    await context.sync();
  });
}

// Write with the sheet's protection lifted, and lay it back as it was, also when the writing fails.
async function unlocked(context, sheet, write) {
  sheet.protection.load("protected,options");
  await context.sync();
  const locked = sheet.protection.protected;
  const options = sheet.protection.options;
  if (locked) {
    sheet.protection.unprotect();
    await context.sync();
  }
  try {
    write();
    await context.sync();
  } finally {
    if (locked) {
      sheet.protection.protect(options);
      await context.sync();
    }
  }
}

// Runs of numbers that follow on each other: [8,9,10,12] -> [[0,3],[3,1]] as start and length.
function runs(numbers) {
  const found = [];
  numbers.forEach((number, at) => {
    const last = found[found.length - 1];
    if (last && number === numbers[at - 1] + 1) last[1] += 1;
    else found.push([at, 1]);
  });
  return found;
}

// A text that Excel keeps as a text, whatever it begins with, and no longer than a cell holds.
const literal = (text) => (text ? `'${text.slice(0, 32767)}` : "");

// The sheet Kontroll: findings as texts, links to their cells, rows as high as the texts need.
export async function writeControl(control) {
  await Excel.run(async (context) => {
    const sheet = context.workbook.worksheets.getItem(control.blad);
    await unlocked(context, sheet, () => {
      const texts = control.platser.map((_, number) => control.rader[number] || control.kolumner.map(() => ""));
      for (const [top, height] of runs(control.platser)) {
        const links = sheet.getRangeByIndexes(control.platser[top] - 1, control.lankkolumn - 1, height, 1);
        links.clear("Hyperlinks");
        for (const [left, width] of runs(control.kolumner)) {
          const block = sheet.getRangeByIndexes(control.platser[top] - 1, control.kolumner[left] - 1, height, width);
          block.values = texts.slice(top, top + height).map((row) => row.slice(left, left + width).map(literal));
          block.format.autofitRows();
        }
      }
      control.lankar.forEach((link, number) => {
        if (!link) return;
        sheet.getCell(control.platser[number] - 1, control.lankkolumn - 1).hyperlink = {
          documentReference: `'${link[0].replaceAll("'", "''")}'!${link[1]}`,
          textToDisplay: link[1],
        };
      });
    });
  });
}

// A row of the sheet Förklaringar: column number -> text.
export async function writeRow(sheetName, row, values) {
  await Excel.run(async (context) => {
    const sheet = context.workbook.worksheets.getItem(sheetName);
    for (const [column, text] of values) sheet.getCell(row - 1, column - 1).values = [[literal(text)]];
    await context.sync();
  });
}

// Texts in locked cells: address -> text.
export async function stamp(sheetName, cells) {
  await Excel.run(async (context) => {
    const sheet = context.workbook.worksheets.getItem(sheetName);
    await unlocked(context, sheet, () => {
      for (const [address, text] of Object.entries(cells)) sheet.getRange(address).values = [[literal(text)]];
    });
  });
}

// Tell of every change that the pane has not made itself.
export function onChange(run) {
  return Excel.run(async (context) => {
    context.workbook.worksheets.onChanged.add(async (event) => {
      if (event?.triggerSource !== "ThisLocalAddin") run();
    });
    await context.sync();
  });
}

// A new workbook of its own, as a file's content.
export function openFile(content) {
  let text = "";
  for (let start = 0; start < content.length; start += 32768) text += String.fromCharCode(...content.subarray(start, start + 32768));
  return Excel.createWorkbook(btoa(text));
}
