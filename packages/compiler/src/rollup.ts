import { createRollupPlugin } from "unplugin";
import type { PluginOptions } from "./plugin/options.ts";
import { createPlugin } from "./plugin/plugin.ts";
import type { RollupLikePlugin } from "./plugin/shapes.ts";

export type { FilePatterns, PluginOptions } from "./plugin/options.ts";
export type { RollupLikePlugin };

/**
 * The directive `"use memoize"` for Rollup.
 *
 * @param options - See {@link PluginOptions}.
 * @throws {RoteError} `ERR_INVALID_OPTION` for defaults that cannot be written into a source.
 *
 * @example
 * ```ts no-run
 * import rote from "@rote/compiler/rollup";
 *
 * export default { plugins: [rote()] };
 * ```
 */
const rote: (options?: PluginOptions) => RollupLikePlugin = createRollupPlugin(createPlugin) as (
  options?: PluginOptions,
) => RollupLikePlugin;

export default rote;
