/** Runs what the transform has made of a source, as Node runs it, with the built rote. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

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

  /** What a source exports once it is transformed. */
  async run(
    code: string,
    ending = "ts",
    options: TransformOptions = {},
  ): Promise<Record<string, any>> {
    const output = this.transform(code, ending, options).code;
    const path = this.write(`output${++this.count}.${ending}`, output);
    return ending.startsWith("c")
      ? (createRequire(path)(path) as Record<string, unknown>)
      : await nativeImport(pathToFileURL(path).href);
  }
}

/** Not by way of Vite, which has an idea of its own of modules. */
const nativeImport = new Function("url", "return import(url)") as (
  url: string,
) => Promise<Record<string, unknown>>;
