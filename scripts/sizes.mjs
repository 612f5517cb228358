/**
 * What a user's bundle pays for each public import: bundled from dist, minified, gzipped (level 9).
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { budgets } = JSON.parse(readFileSync(new URL("size-budget.json", import.meta.url), "utf8"));

/** Bytes of one import; with esbuild plugins, of what they make of it. */
export async function measure(specifier, name, plugins = []) {
  const result = await build({
    stdin: {
      contents: `export { ${name} } from ${JSON.stringify(specifier)};`,
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

/** One row per budget: { specifier, name, bytes, maxBytes }. */
export async function measureSizes() {
  const rows = [];
  for (const [specifier, budget] of Object.entries(budgets)) {
    const bytes = await measure(specifier, budget.import);
    rows.push({ specifier, name: budget.import, bytes, maxBytes: budget.maxBytes });
  }
  return rows;
}

/** The way sizes are written in prose: 1 kB is 1000 bytes. */
export function formatSize(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
