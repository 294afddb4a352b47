// Excel: what the pane reads from the open workbook and writes into it. Knows nothing of the page.

// Every formula of the workbook: sheet -> [row, column, text], counted from 1. The payload of values has none.
export async function formulas() {
  return Excel.run(async (context) => {
    const sheets = context.workbook.worksheets;
    sheets.load("items/name");
    await context.sync();
    const used = sheets.items.map((sheet) => {
      const range = sheet.getUsedRangeOrNullObject(true);
      range.load("formulas,values,rowIndex,columnIndex,isNullObject");
      return [sheet.name, range];
    });
    await context.sync();
    const found = {};
    for (const [name, range] of used) {
      if (range.isNullObject) continue;
      const cells = [];
      range.formulas.forEach((row, y) =>
        row.forEach((cell, x) => {
          // a text that only begins like a formula is its own value
          if (typeof cell === "string" && cell.startsWith("=") && cell !== range.values[y][x])
            cells.push([range.rowIndex + y + 1, range.columnIndex + x + 1, cell]);
        }),
      );
      if (cells.length) found[name] = cells;
    }
    return found;
  });
}

// The saved file itself, as Excel would write it.
export function savedFile() {
  return new Promise((resolve, reject) => {
    Office.context.document.getFileAsync("compressed", { sliceSize: 1048576 }, (opened) => {
      if (opened.status !== "succeeded") return reject(new Error("Excel lämnade inte ut arbetsboken. Spara den och försök igen."));
      const file = opened.value;
      const slices = [];
      const next = (number) => {
        if (number === file.sliceCount) {
          file.closeAsync(() => {});
          return resolve(Uint8Array.from(slices.flat()));
        }
        file.getSliceAsync(number, (part) => {
          if (part.status !== "succeeded") {
            file.closeAsync(() => {});
            return reject(new Error("Arbetsboken kom inte fram hel från Excel. Försök igen."));
          }
          slices.push(Array.from(part.value.data));
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
