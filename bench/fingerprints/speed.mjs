/**
 * What fingerprints cost: of every function of this repository's own sources, four times over, in a fresh process each time.
 *
 *     npm run bench:fingerprints                  prints the medians of seven rounds
 *     npm run bench:fingerprints -- --rounds 3
 *
 * - cold: all files are read, parsed and linked, and one function of each is asked for; for 1000 files.
 * - warm: a function whose modules have been read.
 * - notes: the purity notes of every function, asked for the first time after its fingerprint.
 * - refresh: one file has changed, and every file is asked for one function again; for 1000 files.
 * - wide: the first function of a file that loads 600 others and reaches a declaration of each, after another one that does.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const milliseconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** One round, in this process, over the sources in `directory`. */
async function measure(directory) {
  const { createFingerprinter } = await import("@rote/compiler");
  const files = globSync("**/*.{ts,mjs}", { cwd: directory }).map((file) => join(directory, file));
  const places = files.flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(/^(?:export )?(?:async )?function \w+(?=[^;]*?\{$)/gm),
    ].map(({ index, 0: match }) => ({ file, at: index + match.length })),
  );
  const firsts = [...new Map(places.toReversed().map((place) => [place.file, place])).values()];
  const fingerprinter = createFingerprinter({ root: directory });
  const ask = (asked) => {
    const before = milliseconds();
    for (const { file, at } of asked) fingerprinter.fingerprint(file, at);
    return milliseconds() - before;
  };
  const cold = (ask(firsts) / fingerprinter.reads) * 1000;
  const { reads } = fingerprinter;
  ask(places);
  const warm = ask(places) / places.length;
  const beforeNotes = milliseconds();
  for (const { file, at } of places) fingerprinter.notes(file, at);
  const notes = (milliseconds() - beforeNotes) / places.length;
  const [{ file }] = firsts;
  writeFileSync(file, `${readFileSync(file, "utf8")}\n// changed\n`);
  const before = milliseconds();
  fingerprinter.refresh();
  const refreshed = ((milliseconds() - before + ask(firsts)) / reads) * 1000;
  return {
    reads,
    functions: places.length,
    cold,
    warm,
    notes,
    refresh: refreshed,
    again: fingerprinter.reads - reads,
  };
}

/** A file that loads 600 others, which other files do, too: what the first function of it costs. */
async function measureWide(directory) {
  const { createFingerprinter } = await import("@rote/compiler");
  const fingerprinter = createFingerprinter({ root: directory });
  const times = globSync("use-*.mjs", { cwd: directory }).map((file) => {
    const before = milliseconds();
    fingerprinter.fingerprint(join(directory, file), "use");
    return milliseconds() - before;
  });
  // The first one reads the files.
  return median(times.slice(1));
}

/** Modules that use each other, with a table that some of them fill while they are loaded. */
function writeWide(directory) {
  const names = Array.from({ length: 600 }, (_, number) => `m${number}`);
  for (const [number, name] of names.entries()) {
    const inner = `m${number >> 1}`;
    const text =
      number === 0
        ? "export const table = new Map();\nexport const m0 = (n) => table.get(n);\n"
        : `import { table } from "./m0.mjs";\nimport { ${inner} as inner } from "./${inner}.mjs";\nconst factor = ${number};\nexport const ${name} = (n) => inner(n) * factor;\n${number % 20 === 0 ? `table.set(${number}, factor);\n` : ""}`;
    writeFileSync(join(directory, `${name}.mjs`), text);
  }
  const all = names.map((name) => `export * from "./${name}.mjs";`).join("\n");
  writeFileSync(join(directory, "all.mjs"), all);
  for (let number = 0; number < 40; number++)
    writeFileSync(
      join(directory, `use-${number}.mjs`),
      `import * as all from "./all.mjs";\nexport const use = (name) => all[name](${number});\n`,
    );
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    measure: { type: "string" },
    wide: { type: "string" },
  },
});
if (values.measure !== undefined) {
  const wide = await measureWide(values.wide);
  console.log(JSON.stringify({ ...(await measure(values.measure)), wide }));
} else {
  const directory = mkdtempSync(join(tmpdir(), "rote-bench-"));
  const wide = mkdtempSync(join(tmpdir(), "rote-bench-"));
  writeWide(wide);
  const rounds = [];
  try {
    const parts = ["packages/rote/src", "packages/cli/src", "packages/compiler/src", "scripts"];
    for (const copy of ["a", "b", "c", "d"])
      for (const part of parts)
        cpSync(join(root, part), join(directory, copy, part), {
          recursive: true,
          filter: (path) => !/\.test(?:-d)?\.ts$|fixtures/.test(path),
        });
    for (let round = 0; round < Number(values.rounds); round++) {
      const child = spawnSync(
        process.execPath,
        [fileURLToPath(import.meta.url), "--measure", directory, "--wide", wide],
        { encoding: "utf8", cwd: fileURLToPath(new URL(".", import.meta.url)) },
      );
      if (child.status !== 0) throw new Error(child.stderr);
      rounds.push(JSON.parse(child.stdout));
    }
  } finally {
    for (const each of [directory, wide]) rmSync(each, { recursive: true });
  }
  const of = (field) => median(rounds.map((each) => each[field]));
  console.log(
    `Node ${process.versions.node}, ${of("reads")} files, ${of("functions")} functions; CPU time`,
  );
  console.log(`cold      ${of("cold").toFixed(0)} ms for 1000 files`);
  console.log(`warm      ${of("warm").toFixed(3)} ms for a function`);
  console.log(`notes     ${of("notes").toFixed(3)} ms for a function, the first time`);
  console.log(
    `refresh   ${of("refresh").toFixed(0)} ms for 1000 files, of which ${of("again")} read again`,
  );
  console.log(`wide      ${of("wide").toFixed(1)} ms for a file that loads 600 others`);
}
