// Compiles the style sheets and lays every file that a page loads into frontend/dist.
// Run with the Node of the virtual environment: .venv/bin/node frontend/build.mjs
// Running it again gives the same files. Any failure ends it with a message and code 1,
// and the former frontend/dist stays as it was.
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const packages = join(root, "node_modules");
const dist = join(here, "dist");
const draft = join(here, `.dist-${process.pid}`);

const SHEETS = ["app", "admin"];
const COPIES = {
  "js/govuk-frontend.min.js": join(packages, "govuk-frontend/dist/govuk/govuk-frontend.min.js"),
  "js/moj-frontend.min.js": join(packages, "@ministryofjustice/frontend/moj/moj-frontend.min.js"),
  "js/htmx.min.js": join(packages, "htmx.org/dist/htmx.min.js"),
  "js/app.mjs": join(here, "js/app.mjs"),
  "js/desk.mjs": join(here, "js/desk.mjs"),
  "js/echarts.min.js": join(packages, "echarts/dist/echarts.common.min.js"),
  "js/charts.mjs": join(here, "js/charts.mjs"),
};

function fail(message) {
  rmSync(draft, { recursive: true, force: true });
  console.error(`frontend/build.mjs: ${message}`);
  process.exit(1);
}

function compile(sass, name) {
  const warnings = [];
  const result = sass.compile(join(here, "scss", `${name}.scss`), {
    loadPaths: [root],
    style: "compressed",
    quietDeps: true,
    logger: { warn: (text) => warnings.push(text), debug: () => {} },
  });
  if (warnings.length) throw new Error(`${name}.scss: ${warnings.join("\n")}`);
  // A page must not ask for a file that is not ours to serve.
  const foreign = result.css.match(/url\((?!["']?data:)[^)]*\)/g);
  if (foreign) throw new Error(`${name}.scss asks for ${foreign.join(", ")}`);
  writeFileSync(join(draft, "css", `${name}.css`), result.css);
  return result.css.length;
}

if (!existsSync(packages)) fail("node_modules is missing: run `npm ci` first");
try {
  const sass = createRequire(join(root, "package.json"))("sass");
  for (const folder of ["css", "js", "icons"]) mkdirSync(join(draft, folder), { recursive: true });
  const sizes = SHEETS.map((name) => `${name}.css ${Math.round(compile(sass, name) / 1024)} KB`);
  for (const [target, source] of Object.entries(COPIES)) cpSync(source, join(draft, target));
  for (const icon of readdirSync(join(here, "icons"))) {
    cpSync(join(here, "icons", icon), join(draft, "icons", icon));
  }
  rmSync(dist, { recursive: true, force: true });
  renameSync(draft, dist);
  console.log(`frontend/dist: ${sizes.join(", ")}`);
} catch (error) {
  fail(error.message);
}
