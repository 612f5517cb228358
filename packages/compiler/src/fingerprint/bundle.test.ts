/**
 * A second method: what esbuild keeps of a function when it shakes the tree. An edit that changes that has to
 * change the fingerprint, too. The programs are the sources of rote itself, the edits one operator or number.
 */
import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bodyOf, identifier, type Node, nodes, parse, walk } from "../ast.ts";
import { createFingerprinter } from "./fingerprint.ts";
import { createProject, type Project } from "./fixtures/programs.ts";
import { boundNames } from "./scope.ts";

const sources = fileURLToPath(new URL("../../../rote/src", import.meta.url));
const rounds = Number(process.env["ROTE_RUNS"] ?? 10);
const functionsPerRound = 8;

let project: Project;
beforeAll(() => {
  project = createProject({ "package.json": '{ "type": "module", "sideEffects": false }' });
  cpSync(sources, join(project.root, "src"), {
    recursive: true,
    filter: (path) => !path.includes(".test"),
  });
});
afterAll(() => project.remove());

/** What is left of a function; locals keep their names, or an edit elsewhere would rename them. */
async function bundle(file: string, name: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${name} } from ${JSON.stringify(file)};`,
      resolveDir: project.root,
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

/** A bundle without variables that nobody uses: it keeps those whose values a call computes of which it cannot tell what it does. */
function usedPart(text: string): string {
  const parts = bodyOf(parse(text, "bundle.mjs", "module")!.program)
    .flatMap((each) => (each.type === "VariableDeclaration" ? nodes(each["declarations"]) : [each]))
    .map((part) => ({ part, used: identifiersOf(part), names: new Set(boundNames(part["id"])) }));
  const reached = new Set(parts.filter(({ names }) => names.size === 0));
  for (const { used } of reached)
    for (const each of parts) if ([...each.names].some((name) => used.has(name))) reached.add(each);
  return parts
    .filter((each) => reached.has(each))
    .map(({ part }) => text.slice(part.start, part.end))
    .join(";");
}

function identifiersOf(part: Node): Set<string> {
  const found = new Set<string>();
  walk(part, ({ node }) => found.add(identifier(node) ?? ""));
  return found;
}

const other: Readonly<Record<string, string>> = {
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "&&": "||",
  "||": "&&",
  true: "false",
  false: "true",
};

/** Numbers from 0 up to `below`, the same in every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

test("what changes a bundle of a function changes its fingerprint", async () => {
  const random = createRandom(17);
  const files = globSync("src/**/*.ts", { cwd: project.root })
    .map((file) => join(project.root, file))
    .sort((a, b) => (a < b ? -1 : 1));
  const functions = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^export (?:async )?function (\w+)/gm)].map(
      ([, name = ""]): [file: string, name: string] => [file, name],
    ),
  );
  const fingerprinter = createFingerprinter({ root: project.root });
  const missed: string[] = [];
  let changed = 0;
  for (let round = 0; round < rounds; round++) {
    const asked = Array.from(
      { length: functionsPerRound },
      () => functions[random(functions.length)] as [string, string],
    );
    const before = [];
    for (const [file, name] of asked)
      before.push([await bundle(file, name), fingerprinter.fingerprint(file, name).digest]);

    const file = files[random(files.length)] as string;
    const text = readFileSync(file, "utf8");
    // Not in comments, and not in texts: bundles keep values that nobody uses if they cannot tell what making them does.
    const spots = [
      ...text.matchAll(
        /(?<= )(?:===|!==|\+|-|&&|\|\|)(?= )|(?<== )\d+(?=;)|\b(?:true|false)\b(?=[;,)])/g,
      ),
    ].filter(
      ({ index }) =>
        !/^\s*(?:\*|\/)|["`]/.test(text.slice(text.lastIndexOf("\n", index) + 1, index)),
    );
    const spot = spots[random(Math.max(1, spots.length))];
    if (spot === undefined) continue;
    const [was] = spot;
    const now = other[was] ?? `${Number(was) + 1}`;
    writeFileSync(file, text.slice(0, spot.index) + now + text.slice(spot.index + was.length));
    fingerprinter.refresh();
    for (const [index, [at, name]] of asked.entries()) {
      const [oldBundle, oldDigest] = before[index] as [string, string];
      const newBundle = await bundle(at, name);
      if (newBundle === oldBundle) continue;
      changed++;
      const isSeen = fingerprinter.fingerprint(at, name).digest !== oldDigest;
      if (!isSeen && usedPart(newBundle) !== usedPart(oldBundle))
        missed.push(`${name} of ${at}: ${was} in ${file} at ${spot.index}`);
    }
    writeFileSync(file, text);
    fingerprinter.refresh();
  }
  expect(missed).toEqual([]);
  expect(changed).toBeGreaterThan(0);
});
