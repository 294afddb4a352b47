// Fluent's own theme, light or dark as Office or the system is.
import { webDarkTheme, webLightTheme } from "../../fluent/tokens/index.js";

const sheet = new CSSStyleSheet();

function use(dark) {
  const lines = Object.entries(dark ? webDarkTheme : webLightTheme).map(([name, value]) => `--${name}: ${value};`);
  sheet.replaceSync(`:root { color-scheme: ${dark ? "dark" : "light"}; ${lines.join(" ")} }`);
  document.documentElement.dataset.tema = dark ? "mork" : "ljus";
}

// A colour such as #1f1f1f or 1f1f1f that is dark.
function isDark(colour) {
  const parts = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(colour || "");
  return parts ? parts.slice(1).reduce((sum, each) => sum + parseInt(each, 16), 0) < 384 : null;
}

export function followTheme(office) {
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const system = matchMedia("(prefers-color-scheme: dark)");
  const look = () => {
    const theme = office?.context?.officeTheme;
    use(theme?.isDarkTheme ?? isDark(theme?.bodyBackgroundColor) ?? system.matches);
  };
  system.addEventListener("change", look);
  look();
  return look;
}
