/**
 * Fingerprints beside a second method, on packages from the registry: two releases each, every function that
 * both export. What changes the bundle of a function, its tree shaken and minified, has to change its fingerprint.
 *
 *     npm run study:fingerprints                  some minutes
 *     npm run study:fingerprints -- valibot       one of them
 *
 * Prints a table; ends with 1 if a fingerprint has missed a change. It downloads the packages, so no test runs it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "esbuild";
import { createFingerprinter } from "@rote/compiler";

const pairs = [
  ["date-fns", "4.0.0", "4.1.0"],
  ["lodash-es", "4.17.20", "4.17.21"],
  ["ramda", "0.30.0", "0.30.1"],
  ["d3-array", "3.2.3", "3.2.4"],
  ["valibot", "1.0.0", "1.1.0"],
  ["nanoid", "5.0.8", "5.0.9"],
  ["es-toolkit", "1.30.0", "1.31.0"],
];

/** Bundles that differ although the function does the same. */
const explained = new Map([["ramda __", "the same object, without a variable in between"]]);

const wanted = process.argv.slice(2);
const folder = realpathSync(mkdtempSync(join(tmpdir(), "rote-study-")));

/** Unpacks a release outside of node_modules, so that it is read as sources are. */
function unpack(name, version) {
  const directory = join(folder, `${name}-${version}`);
  mkdirSync(directory);
  const options = { cwd: directory, stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" };
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const [{ filename }] = JSON.parse(
    execFileSync(npm, ["pack", `${name}@${version}`, "--json"], options),
  );
  execFileSync("tar", ["xzf", filename], options);
  const root = join(directory, "package");
  const { exports, module, main } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entry = pick(exports?.["."] ?? exports) ?? module ?? main;
  return { directory, entry: `./package/${entry.replace(/^\.\//, "")}` };
}

function pick(entry) {
  if (typeof entry === "string" || entry === undefined) return entry;
  for (const condition of ["import", "module", "default"])
    if (entry[condition] !== undefined) return pick(entry[condition]);
  return undefined;
}

const bundle = async (directory, contents) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: directory },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    packages: "external",
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "silent",
  });
  return { text: outputFiles[0].text, metafile };
};

async function study(release) {
  const { directory, entry } = release;
  const { metafile } = await bundle(directory, `export * from ${JSON.stringify(entry)};`);
  const names = Object.values(metafile.outputs)[0].exports.filter((name) => name !== "default");
  const made = new Map();
  const fingerprinter = createFingerprinter({ root: directory });
  for (const [index, name] of names.entries()) {
    const path = join(directory, `use-${index}.mjs`);
    const from = JSON.stringify(entry);
    writeFileSync(path, `import { ${name} as it } from ${from};\nexport const f = () => it;\n`);
    const { digest } = fingerprinter.fingerprint(path, "f");
    const { text } = await bundle(directory, `export { ${name} } from ${from};`);
    made.set(name, { digest, text });
  }
  return made;
}

/** Without the numbers by which a bundler keeps names apart: another export that takes a name changes locals. */
function plain(text) {
  return text.replaceAll(/\b([A-Za-z_$]\w*?)\d+\b/g, "$1").replaceAll(/\b(\w+):\1\b/g, "$1");
}

let missed = 0;
try {
  console.log(
    "| package | functions | bundle changed | fingerprint changed | missed | only the fingerprint |",
  );
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const [name, from, to] of pairs) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const [before, after] = [await study(unpack(name, from)), await study(unpack(name, to))];
    const both = [...before.keys()].filter((each) => after.has(each));
    const byBundle = both.filter(
      (each) => plain(before.get(each).text) !== plain(after.get(each).text),
    );
    const byPrint = both.filter((each) => before.get(each).digest !== after.get(each).digest);
    const lost = byBundle.filter(
      (each) => !byPrint.includes(each) && !explained.has(`${name} ${each}`),
    );
    const more = byPrint.filter((each) => !byBundle.includes(each));
    missed += lost.length;
    console.log(
      `| ${name} ${from} → ${to} | ${both.length} | ${byBundle.length} | ${byPrint.length} | ${lost.slice(0, 8).join(", ") || 0} | ${more.slice(0, 8).join(", ") || 0} |`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = missed === 0 ? 0 : 1;
