// The functions of the sheet, answered by xlwings' own runtime in the engine: a whole range in one call.

const NAMES = ["BUDGETFOLJSAMHET", "PROGNOSSAKERHET", "INDIKATORSTATUS", "MALSTATUS", "AVVIKELSE", "RESULTATOVERFORING", "LOKALBIDRAG", "PRESTATIONSERSATTNING", "RISKVARDE", "TOLKA", "FORKLARA"];

export function register(engine) {
  for (const name of NAMES)
    CustomFunctions.associate(name, async (...given) => {
      const cells = given.slice(0, -1); // last is Excel's own word of the call
      try {
        return (await engine.ask("funktion", { namn: name, argument: cells.map((each) => each ?? null) })).said;
      } catch (error) {
        throw new CustomFunctions.Error(CustomFunctions.ErrorCode.notAvailable, error.message);
      }
    });
  engine.ready.then(() => engine.ask("funktion", { namn: "RISKVARDE", argument: [[[1]], [[1]]] })).catch(() => {}); // xlwings is loaded before it is needed
}
