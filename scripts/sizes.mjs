/**
 * What a user's bundle pays for each public import: bundled from dist, minified, gzipped (level 9).
 * For an import that nobody has alone (`beside` in the budget), what it adds to that other one.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { budgets } = JSON.parse(readFileSync(new URL("size-budget.json", import.meta.url), "utf8"));

/** Bytes of one import; with esbuild plugins, of what they make of it. */
export function measure(specifier, name, plugins = []) {
  return measureAll([[specifier, name]], plugins);
}

async function measureAll(imports, plugins) {
  const result = await build({
    stdin: {
      contents: imports
        .map(([specifier, name]) => `export { ${name} } from ${JSON.stringify(specifier)};`)
        .join("\n"),
      resolveDir: root,
      loader: "js",
    },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    external: ["node:*"],
    plugins,
    write: false,
  });
  return gzipSync(result.outputFiles[0].contents, { level: 9 }).length;
}

async function measureBudget(specifier, { import: name, beside }) {
  if (beside === undefined) return measure(specifier, name);
  const other = [beside, budgets[beside].import];
  return (await measureAll([other, [specifier, name]], [])) - (await measure(...other));
}

/** One row per budget: { specifier, name, bytes, maxBytes }. */
export async function measureSizes() {
  const rows = [];
  for (const [specifier, budget] of Object.entries(budgets)) {
    const bytes = await measureBudget(specifier, budget);
    rows.push({ specifier, name: budget.import, bytes, maxBytes: budget.maxBytes });
  }
  return rows;
}

/** The way sizes are written in prose: 1 kB is 1000 bytes. */
export function formatSize(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
