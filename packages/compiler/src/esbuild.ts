import { createEsbuildPlugin } from "unplugin";
import type { PluginOptions } from "./plugin/options.ts";
import { createPlugin } from "./plugin/plugin.ts";
import type { EsbuildLikePlugin } from "./plugin/shapes.ts";

export type { FilePatterns, PluginOptions } from "./plugin/options.ts";
export type { EsbuildLikePlugin };

/**
 * The directive `"use memoize"` for esbuild.
 *
 * @param options - See {@link PluginOptions}.
 * @throws {RoteError} `ERR_INVALID_OPTION` for defaults that cannot be written into a source.
 *
 * @example
 * ```ts no-run
 * import { build } from "esbuild";
 * import rote from "@rote/compiler/esbuild";
 *
 * await build({ entryPoints: ["app.ts"], bundle: true, plugins: [rote()] });
 * ```
 */
const rote: (options?: PluginOptions) => EsbuildLikePlugin = createEsbuildPlugin(createPlugin);

export default rote;
