/**
 * What a user installs: both packages are packed, installed without a network in an empty folder,
 * imported, required, and type-checked.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifestOf = (directory: string) =>
  JSON.parse(readFileSync(join(root, directory, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
    dependencies?: Record<string, string>;
    bin?: Record<string, string>;
  };

const rote = manifestOf("packages/rote");
const cli = manifestOf("packages/cli");
const specifiersOf = (name: string, { exports }: { exports: Record<string, unknown> }): string[] =>
  Object.keys(exports)
    .filter((subpath) => subpath !== "./package.json")
    .map((subpath) => subpath.replace(/^\./, name));
const specifiers = specifiersOf("rote", rote);
/** Those that something is imported from. */
const ofCompiler = specifiersOf("@rote/compiler", manifestOf("packages/compiler")).filter(
  (specifier) => !specifier.endsWith("/register"),
);

/** The Nodes to try: the pinned one, which runs this test, and the machine's own if it differs. */
function findNodes(): { version: string; path: string }[] {
  const program = process.platform === "win32" ? "node.exe" : "node";
  const nodes = [{ version: process.version, path: process.execPath }];
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(directory, program);
    if (directory.startsWith(join(root, "node_modules")) || !existsSync(path)) continue;
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
    const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
    const isSupported = major > 20 || (major === 20 && minor >= 19);
    if (isSupported && nodes.every((node) => node.version !== version))
      nodes.push({ version, path });
  }
  return nodes;
}

let folder = "";

/** The directory of an installed dependency of another package. */
function locate(name: string, from: string): string {
  const found = placesOf(name, from).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

function isInstalled(name: string, from: string): boolean {
  return placesOf(name, from).some((path) => existsSync(path));
}

function placesOf(name: string, from: string): string[] {
  const require = createRequire(join(realpathSync(from), "package.json"));
  return (require.resolve.paths(name) ?? []).map((path) => join(path, name));
}

/** Packs what a package depends on, however far away; of what is optional, what is installed. */
function addDependencies(from: string, packed: Record<string, string>): void {
  const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
  };
  const optional = Object.keys(manifest.optionalDependencies ?? {});
  for (const name of [...Object.keys(manifest.dependencies ?? {}), ...optional]) {
    if (name in packed || (optional.includes(name) && !isInstalled(name, from))) continue;
    const path = locate(name, from);
    packed[name] = pack(path);
    addDependencies(path, packed);
  }
}

function npm(args: string[], cwd: string): string {
  const isWindows = process.platform === "win32";
  return execFileSync("npm", args, { cwd, encoding: "utf8", shell: isWindows });
}

/** Packs a directory; returns what a dependency on the tarball is called in package.json. */
function pack(directory: string): string {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, directory];
  const packed: unknown = JSON.parse(npm(args, folder));
  const [entry] = Object.values(packed as Record<string, { filename: string }>);
  return `file:./${entry!.filename}`;
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "rote-package-")));
  const dependencies: Record<string, string> = {
    rote: pack(join(root, "packages/rote")),
    "@rote/cli": pack(join(root, "packages/cli")),
    "@rote/compiler": pack(join(root, "packages/compiler")),
  };
  for (const path of ["packages/cli", "packages/compiler"])
    addDependencies(join(root, path), dependencies);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "user", private: true, dependencies }),
  );
  npm(["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error"], folder);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("the tarball holds sources beside the output, and neither tests nor build records", () => {
  const files = readdirSync(join(folder, "node_modules/rote"), { recursive: true }).map(String);

  expect(files).toContain(join("dist", "index.js"));
  expect(files).toContain(join("src", "index.ts"));
  expect(files).toContain("LICENSE");
  expect(files).toContain("README.md");
  expect(files.filter((name) => /\.test(-d)?\.|\.tsbuildinfo$/.test(name))).toEqual([]);
});

describe.for(findNodes())("under Node $version", ({ path }) => {
  const run = (name: string, code: string) => {
    const file = join(folder, name);
    writeFileSync(file, code);
    return execFileSync(path, [file], { cwd: folder, encoding: "utf8" }).trim();
  };
  const use =
    "const fib = memoize((n) => (n < 2 ? n : fib(n - 1) + fib(n - 2))); console.log(fib(36));";

  test.for(specifiers)("import of %s works", (specifier) => {
    const names = run(
      "import.mjs",
      `console.log(Object.keys(await import("${specifier}")).length)`,
    );

    expect(Number(names)).toBeGreaterThan(0);
  });

  test.for(specifiers)("require of %s gives what import gives", (specifier) => {
    const list = "console.log(Object.keys(found).filter((n) => n !== '__esModule').sort().join())";
    const imported = run("import.mjs", `const found = await import("${specifier}"); ${list}`);
    const required = run("require.cjs", `const found = require("${specifier}"); ${list}`);

    expect(required).toBe(imported);
  });

  test("a function is memoized, by import and by require", () => {
    expect(run("use.mjs", `import { memoize } from "rote"; ${use}`)).toBe("14930352");
    expect(run("use.cjs", `const { memoize } = require("rote"); ${use}`)).toBe("14930352");
  });

  test("the rote command starts", () => {
    const [file = ""] = Object.values(cli.bin ?? {});
    const bin = join(folder, "node_modules/@rote/cli", file);
    const help = execFileSync(path, [bin, "--help"], { cwd: folder, encoding: "utf8" });

    expect(help).toContain("compare");
  });
});

test.for(ofCompiler)("import of %s works", (specifier) => {
  writeFileSync(
    join(folder, "compiler.mjs"),
    `const { default: whole, ...rest } = await import("${specifier}");
    console.log([whole, ...Object.values(rest)].some((value) => typeof value === "function"));`,
  );
  const args = [join(folder, "compiler.mjs")];

  expect(execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" })).toBe("true\n");
});

test("the compiler's hooks are installed with what they need", () => {
  writeFileSync(
    join(folder, "marked.mts"),
    `import { cacheOf } from "rote";
    let runs = 0;
    function fib(n: number): number { "use memoize"; runs++; return n < 2 ? n : fib(n - 1) + fib(n - 2); }
    console.log(fib(36), runs, cacheOf(fib).size);`,
  );
  const args = ["--import", "@rote/compiler/register", "marked.mts"];

  expect(execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" }).trim()).toBe(
    "14930352 37 37",
  );
});

const compilers = {
  "the oldest TypeScript": join(root, "test/package/node_modules/typescript/bin/tsc"),
  "the project's TypeScript": join(root, "node_modules/typescript/bin/tsc"),
};
const resolutions = [
  { moduleResolution: "node16", module: "node16" },
  { moduleResolution: "nodenext", module: "nodenext" },
  { moduleResolution: "bundler", module: "esnext" },
];

describe.for(Object.entries(compilers))("types under %s", ([, tsc]) => {
  test.for(resolutions)("moduleResolution $moduleResolution", ({ moduleResolution, module }) => {
    const project = join(folder, `types-${moduleResolution}`);
    mkdirSync(project, { recursive: true });
    copyFileSync(join(root, "test/package/consumer.mts"), join(project, "consumer.mts"));
    writeFileSync(
      join(project, "all.mts"),
      [...specifiers, ...ofCompiler]
        .map((name, i) => `export * as all${i} from "${name}";\n`)
        .join(""),
    );
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: "es2022",
          lib: ["es2022"],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          // Our own declarations are what is being checked.
          skipLibCheck: false,
          noEmit: true,
        },
        include: ["*.mts"],
      }),
    );

    let output = "";
    try {
      output = execFileSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" });
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }

    expect(output).toBe("");
  });
});

test("the oldest TypeScript is the one the manifest names", () => {
  const wanted = JSON.parse(
    readFileSync(join(dirname(fileURLToPath(import.meta.url)), "package.json"), "utf8"),
  ) as { devDependencies: { typescript: string } };
  const version = execFileSync(
    process.execPath,
    [compilers["the oldest TypeScript"], "--version"],
    { encoding: "utf8" },
  );

  expect(version.trim()).toBe(`Version ${wanted.devDependencies.typescript}`);
});
