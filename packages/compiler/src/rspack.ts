import { createRspackPlugin } from "unplugin";
import type { PluginOptions } from "./plugin/options.ts";
import { createPlugin } from "./plugin/plugin.ts";
import type { WebpackLikePlugin } from "./plugin/shapes.ts";

export type { FilePatterns, PluginOptions } from "./plugin/options.ts";
export type { WebpackLikePlugin };

/**
 * The directive `"use memoize"` for Rspack.
 *
 * @param options - See {@link PluginOptions}.
 * @throws {RoteError} `ERR_INVALID_OPTION` for defaults that cannot be written into a source.
 *
 * @example
 * ```ts no-run
 * import rote from "@rote/compiler/rspack";
 *
 * export default { plugins: [rote()] };
 * ```
 */
const rote: (options?: PluginOptions) => WebpackLikePlugin = createRspackPlugin(createPlugin) as (
  options?: PluginOptions,
) => WebpackLikePlugin;

export default rote;
