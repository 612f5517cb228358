/**
 * The transform as a plugin of bundlers.
 *
 * 1. It comes first, while TypeScript is TypeScript and comments are there.
 * 2. Files without a mark are passed over by a filter, which some bundlers apply by themselves.
 * 3. Packages in node_modules are left alone, unless they or the options say otherwise.
 */
import { dirname } from "node:path";
import type { UnpluginFactory, UnpluginOptions } from "unplugin";
import { formatDiagnostic } from "../diagnostic.ts";
import { createFingerprinter } from "../fingerprint/fingerprint.ts";
import { marks } from "../mentions.ts";
import { writeOptions } from "../meta.ts";
import { findProject, isForeign } from "../project.ts";
import { notesOn } from "../purity/on-load.ts";
import { transform } from "../transform.ts";
import type { FilePatterns, PluginOptions } from "./options.ts";

const scripts = /\.[cm]?[jt]sx?(?:[?#]|$)/;

/** What all bundlers are given. */
export const createPlugin: UnpluginFactory<PluginOptions | undefined, false> = (given = {}) => {
  const { include, exclude, strict = false, fingerprints = true, notes, ...rest } = given;
  const fingerprinter = fingerprints ? createFingerprinter() : undefined;
  let reader = fingerprinter;
  const options = { ...rest, ...(fingerprinter && { fingerprinter }) };
  // Defaults that cannot be written are an error of the configuration, not of the first file.
  writeOptions(options.defaults);
  const plugin: UnpluginOptions = {
    name: "rote",
    enforce: "pre",
    // A build that watches reads what has changed.
    buildStart: () => reader?.refresh(),
    transform: {
      filter: {
        id: { include: toList(include ?? scripts), exclude: toList(exclude ?? []) },
        code: marks,
      },
      handler(code, id) {
        const [path = id] = id.split(/[?#]/, 1);
        if (include === undefined && isForeign(path)) return null;
        const result = transform(code, path, options);
        if (result === undefined) return null;
        const { diagnostics, map, memoized } = result;
        const messages = diagnostics.map(formatDiagnostic);
        if (notes ?? findProject(dirname(path))?.notes === true) {
          reader ??= createFingerprinter();
          for (const line of notesOn(reader, path, code, memoized)) this.warn(line);
        }
        if (strict && messages.length > 0) this.error(messages.join("\n"));
        else for (const message of messages) this.warn(message);
        return map === null ? null : { code: result.code, map };
      },
    },
    // Else a development server would find it in the first marked file, and reload the page.
    vite: { config: () => ({ optimizeDeps: { include: ["rote/compiled"] } }) },
  };
  return plugin;
};

function toList(patterns: FilePatterns): (string | RegExp)[] {
  return typeof patterns === "string" || patterns instanceof RegExp ? [patterns] : [...patterns];
}
