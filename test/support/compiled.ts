/** Runs what the transform has made of a source, as Node runs it, with the built rote. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { transformSync } from "esbuild";

import {
  transform,
  type TransformOptions,
  type TransformResult,
} from "../../packages/compiler/src/transform.ts";

const packages = fileURLToPath(new URL("../../packages", import.meta.url));

/** A folder of a package called "demo" in which `rote` is installed. */
export class Demo {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "rote-compiler-")));
  private count = 0;
  /** The number of the output that `run` writes next. */
  get next(): number {
    return this.count + 1;
  }

  constructor(type: "module" | "commonjs" = "module") {
    mkdirSync(join(this.folder, "node_modules/@rote"), { recursive: true });
    symlinkSync(join(packages, "rote"), join(this.folder, "node_modules/rote"), "junction");
    symlinkSync(
      join(packages, "compiler"),
      join(this.folder, "node_modules/@rote/compiler"),
      "junction",
    );
    this.write("package.json", JSON.stringify({ name: "demo", type }));
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What becomes of a source; it has to have a mark. */
  transform(code: string, ending = "ts", options: TransformOptions = {}): TransformResult {
    const path = join(this.folder, `source.${ending}`);
    const result = transform(code, path, options);
    if (result === undefined) throw new Error("nothing is marked");
    return result;
  }

  /** What a source exports once it is transformed; what Node does not take is compiled by esbuild. */
  run(code: string, ending = "ts", options: TransformOptions = {}): Record<string, any> {
    return this.load(this.transform(code, ending, options).code, ending, needsCompiler.test(code));
  }

  /** What the same source exports as it is. */
  runPlain(code: string, ending = "ts"): Record<string, any> {
    return this.load(code, ending, needsCompiler.test(code));
  }

  private load(code: string, ending: string, isCompiled: boolean): Record<string, any> {
    const isTaken = /^[cm]?[jt]s$/.test(ending) && !isCompiled;
    const text = isTaken ? code : compile(code, ending);
    const path = this.write(`output${++this.count}.${isTaken ? ending : "mjs"}`, text);
    // Not import(), which vitest would take over, with an idea of its own of modules.
    return createRequire(path)(path) as Record<string, unknown>;
  }
}

const needsCompiler = /\b(?:enum|namespace)\s|^@/m;

function compile(code: string, ending: string): string {
  return transformSync(code, {
    loader: ending === "tsx" ? "tsx" : "ts",
    jsxFactory: "h",
    target: "es2022",
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  }).code;
}
