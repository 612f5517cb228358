/** Builds a program with the plugins, everything it imports included, as users of each tool do. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import * as esbuild from "esbuild";
import { rolldown } from "rolldown";
import * as vite from "vite";
import webpack from "webpack";

import withEsbuild from "../../packages/compiler/src/esbuild.ts";
import withRolldown from "../../packages/compiler/src/rolldown.ts";
import type { PluginOptions } from "../../packages/compiler/src/plugin/options.ts";
import withVite from "../../packages/compiler/src/vite.ts";
import withWebpack from "../../packages/compiler/src/webpack.ts";

export interface Build {
  readonly entry: string;
  /** An empty directory. */
  readonly outDir: string;
  readonly isMinified?: boolean;
  /** What esbuild writes for. */
  readonly target?: string;
  readonly options?: PluginOptions;
}

/** What a build has written, and what it has warned about. */
export interface Built {
  readonly file: string;
  readonly code: string;
  readonly map: string;
  readonly warnings: readonly string[];
}

const stripTypes = fileURLToPath(
  new URL("../../packages/compiler/src/plugin/fixtures/strip-types.cjs", import.meta.url),
);

/** Each rejects if the build fails. */
export const tools: Record<string, (build: Build) => Promise<Built>> = {
  async Vite({ entry, outDir, isMinified = false, options }) {
    const warnings: string[] = [];
    const logger = vite.createLogger("silent");
    logger.warn = logger.warnOnce = (message) => void warnings.push(message);
    await vite.build({
      configFile: false,
      root: dirname(entry),
      customLogger: logger,
      logLevel: "warn",
      plugins: [withVite(options)],
      ssr: { noExternal: true },
      build: {
        ssr: true,
        outDir,
        emptyOutDir: false,
        target: "esnext",
        minify: isMinified,
        sourcemap: true,
        rolldownOptions: { input: entry, output: { entryFileNames: "main.mjs" } },
      },
    });
    return read(outDir, warnings);
  },

  async Rolldown({ entry, outDir, isMinified = false, options }) {
    const warnings: string[] = [];
    const bundle = await rolldown({
      input: entry,
      platform: "node",
      plugins: [withRolldown(options)],
      onLog: (_, { message }) => void warnings.push(message),
    });
    await bundle.write({
      file: join(outDir, "main.mjs"),
      format: "es",
      sourcemap: true,
      minify: isMinified,
    });
    await bundle.close();
    return read(outDir, warnings);
  },

  async esbuild({ entry, outDir, isMinified = false, target = "esnext", options }) {
    const { warnings } = await esbuild.build({
      entryPoints: [entry],
      outfile: join(outDir, "main.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      sourcemap: true,
      minify: isMinified,
      target,
      logLevel: "silent",
      plugins: [withEsbuild(options)],
    });
    return read(
      outDir,
      warnings.map(({ text }) => text),
    );
  },

  async webpack({ entry, outDir, isMinified = false, options }) {
    const stats = await new Promise<webpack.Stats>((resolve, reject) => {
      webpack(
        {
          mode: "production",
          target: "node22",
          context: dirname(entry),
          entry,
          devtool: "source-map",
          experiments: { outputModule: true },
          output: { path: outDir, filename: "main.mjs", module: true },
          optimization: { minimize: isMinified },
          module: { rules: [{ test: /\.ts$/, loader: stripTypes }] },
          plugins: [withWebpack(options)],
        },
        (error, stats) => {
          if (error !== null) reject(error);
          else if (stats === undefined) reject(new Error("no statistics"));
          else resolve(stats);
        },
      );
    });
    const { errors = [], warnings = [] } = stats.toJson({
      all: false,
      errors: true,
      warnings: true,
    });
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
    return read(
      outDir,
      warnings.map(({ message }) => message),
    );
  },
};

function read(outDir: string, warnings: readonly string[]): Built {
  const file = join(outDir, "main.mjs");
  return {
    file,
    code: readFileSync(file, "utf8"),
    map: readFileSync(`${file}.map`, "utf8"),
    warnings,
  };
}

/** What a program prints. */
export function outputOf(file: string, nodeOptions: readonly string[] = []): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...nodeOptions, file], {
    cwd: dirname(file),
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return stdout;
}
