// Just enough of Office.js for our own pane: sheets with formulas and protection, and a log of what was done to them.
// Properties that were not loaded before context.sync() throw, as in Excel.
(() => {
  const book = window.__bok; // {blad: {namn: {formler: [[row, col, text]], last: bool}}}
  window.__gjort = [];
  const log = (...what) => window.__gjort.push(what);
  class Loaded {
    constructor(values) { this._values = values; this._loaded = new Set(); this._asked = []; }
    load(names) { this._asked.push(...names.split(",").map((name) => name.trim())); pending.add(this); return this; }
    _sync() { this._asked.forEach((name) => this._loaded.add(name)); }
    _get(name) {
      if (!this._loaded.has(name)) throw new Error(`PropertyNotLoaded: ${name}`);
      return this._values[name];
    }
  }
  let pending = new Set();
  const reads = (type, names) => names.forEach((name) => Object.defineProperty(type.prototype, name, { get() { return this._get(name); } }));
  class Range extends Loaded {}
  reads(Range, ["formulas", "values", "rowIndex", "columnIndex", "isNullObject"]);
  class Protection extends Loaded {
    constructor(name) { super({ protected: book.blad[name].last, options: { allowSort: true } }); this.name = name; }
    unprotect() {
      if (book.blad[this.name].losenord) throw Object.assign(new Error("AccessDenied"), { code: "AccessDenied" });
      book.blad[this.name].last = false; log("unprotect", this.name);
    }
    protect(options) { book.blad[this.name].last = true; log("protect", this.name, options); }
  }
  reads(Protection, ["protected", "options"]);
  class Sheet {
    constructor(name) { this.name = name; this.protection = new Protection(name); }
    get isNullObject() { return !(this.name in book.blad); }
    getUsedRangeOrNullObject() {
      const cells = book.blad[this.name].formler;
      const height = Math.max(1, ...cells.map((cell) => cell[0])), width = Math.max(1, ...cells.map((cell) => cell[1]));
      const formulas = Array.from({ length: height }, () => Array(width).fill(""));
      cells.forEach(([row, column, text]) => (formulas[row - 1][column - 1] = text));
      return new Range({ formulas, values: formulas.map((row) => row.map(() => 0)), rowIndex: 0, columnIndex: 0, isNullObject: !cells.length });
    }
    getCell(row, column) { return this.getRangeByIndexes(row, column, 1, 1); }
    getRangeByIndexes(row, column, height, width) {
      const name = this.name;
      const may = () => { if (book.blad[name].last) throw new Error("AccessDenied"); };
      return {
        set values(values) {
          may();
          if (values.length !== height || values[0].length !== width) throw new Error("InvalidArgument");
          values.forEach((line, y) => line.forEach((value, x) => log("write", name, row + y + 1, column + x + 1, value)));
        },
        set hyperlink(link) { may(); log("link", name, row + 1, column + 1, link.documentReference, link.textToDisplay); },
        clear: (what) => { may(); log("clear", name, what); },
        format: { autofitRows: () => may() },
      };
    }
    getRange(address) {
      const name = this.name;
      return { select: () => log("select", name, address), set values(values) {
        if (book.blad[name].last) throw new Error("AccessDenied");
        log("write", name, address, values[0][0]);
      } };
    }
    activate() { log("activate", this.name); }
  }
  class Sheets extends Loaded {
    get onChanged() { return { add: (run) => (window.__andra = run) }; }
    constructor() { super({ items: Object.keys(book.blad).map((name) => new Sheet(name)) }); }
    load(names) { return super.load(names.replace("items/name", "items")); }
    getItem(name) { if (!(name in book.blad)) throw new Error("ItemNotFound"); return new Sheet(name); }
    getItemOrNullObject(name) { return name in book.blad ? new Sheet(name) : { isNullObject: true }; }
  }
  reads(Sheets, ["items"]);
  window.Excel = { run: async (work) => {
    const context = { workbook: { worksheets: new Sheets() }, sync: async () => { pending.forEach((each) => each._sync()); pending = new Set(); } };
    return work(context);
  }, createWorkbook: async (content) => log("opened", content.length > 1000) };
  const ready = Promise.resolve({ host: "Excel", platform: "PC" });
  window.Office = { onReady: (then) => (then ? ready.then(then) : ready), actions: { associate: (name, run) => ((window.__knappar ||= {})[name] = run) },
    addin: { showAsTaskpane: async () => log("pane") }, context: { requirements: { isSetSupported: () => true }, document: { getFileAsync: (type, options, done) => {
      const bytes = Uint8Array.from(atob(window.__fil || ""), (sign) => sign.charCodeAt(0)), size = 50000;
      done({ status: "succeeded", value: { sliceCount: Math.ceil(bytes.length / size), closeAsync: () => log("close"),
        getSliceAsync: (number, got) => got({ status: "succeeded", value: { data: bytes.slice(number * size, (number + 1) * size) } }) } });
    } } } };
  window.CustomFunctions = { associate: () => {}, Error: class {}, ErrorCode: {} };
})();
