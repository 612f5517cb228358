/**
 * What each part of rote costs in `import { memoize } from "rote"`, compressed: how much smaller the
 * bundle is without it. Its modules are replaced by empty ones; parts that share words cost less
 * together than one by one.
 *
 *     node scripts/setup.mjs scripts/size-parts.mjs
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

import { measure } from "./sizes.mjs";

const dist = fileURLToPath(new URL("../packages/rote/dist/", import.meta.url));

const parts = {
  "content of arguments": ["key/scan", "key/shape", "key/kind", "key/rebuild"],
  "of that: the kinds of built-ins": ["key/kind"],
  "of that: back again, for entries()": ["key/rebuild"],
  trie: ["key/node", "key/trie", "key/weak", "key/long-map"],
  "call paths": ["call/any", "call/wrap", "key/direct", "run/direct"],
  "deep recursion": [
    "run/careful",
    "run/cycle",
    "run/deep",
    "run/drive",
    "run/frame",
    "run/overflow",
    "run/refused",
    "run/room",
    "run/suspend",
  ],
  "entries: bounds and freshness": [
    "cache/entries",
    "cache/entry",
    "cache/rules",
    "cache/slots",
    "cache/time",
    "call/entry",
    "call/wrap-entry",
    "duration",
    "entry-rules",
    "run/pins",
  ],
  policies: [
    "cache/policy/climber",
    "cache/policy/lru",
    "cache/policy/queues",
    "cache/policy/s3-fifo",
    "cache/policy/sketch",
    "cache/policy/w-tinylfu",
    "key/hash",
  ],
  "of that: w-tinylfu": [
    "cache/policy/climber",
    "cache/policy/sketch",
    "cache/policy/w-tinylfu",
    "key/hash",
  ],
  "stale results": ["cache/stale", "run/revalidate", "run/warn-refresh"],
  "promises, signals, who waits for whom": [
    "run/flight",
    "run/join",
    "run/watch",
    "run/thenable",
    "run/fly",
    "run/schedule",
    "run/signal",
    "run/waiting",
  ],
  "methods and decorators": [
    "decorate",
    "method-handle",
    "cache/receivers",
    "cache/stamped",
    "call/method",
    "call/wrap-method",
  ],
  "request scope": ["scoped-handle", "call/scoped", "run/scope"],
  "memoize.batch": ["batch", "batch-options", "run/after-jobs", "run/batch"],
  "events, removals, explain": ["cache/events", "cache/removal", "explain"],
  handle: ["handle"],
  options: ["options"],
  "freeze and verify": ["freeze", "verify"],
  "warning of calls that escape": ["run/self-call", "development"],
  "timing and clearAll": ["run/clock", "cache/registry"],
};

/** Everything that the modules export, and nothing behind it. */
function withoutModules(modules) {
  return {
    name: "without",
    setup(build) {
      build.onLoad({ filter: /\.js$/ }, ({ path }) => {
        const module = relative(dist, path).replaceAll("\\", "/").replace(/\.js$/, "");
        if (!modules.includes(module)) return undefined;
        const declared = readFileSync(path, "utf8").matchAll(
          /export (?:const|let|class|function\*?|async function) (\w+)/g,
        );
        const names = Array.from(declared, ([, name]) => name);
        return { contents: names.map((name) => `export const ${name} = globalThis.x;`).join("\n") };
      });
    },
  };
}

// By its path: plugins do not see what is resolved through the workspace's links.
const index = `${dist}index.js`;
const whole = await measure(index, "memoize");
console.log(`${String(whole).padStart(6)} B  everything`);
for (const [part, modules] of Object.entries(parts)) {
  const without = await measure(index, "memoize", [withoutModules(modules)]);
  console.log(`${String(whole - without).padStart(6)} B  ${part}`);
}
