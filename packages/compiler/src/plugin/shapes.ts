/**
 * What the bundlers call a plugin, as far as a configuration needs to know. Their own types would
 * have to be installed, all of them, and in our versions.
 */

/** A plugin of Vite, Rolldown or Rollup. */
export interface RollupLikePlugin {
  readonly name: string;
  readonly [hook: string]: any;
}

/** A plugin of webpack or Rspack. */
export interface WebpackLikePlugin {
  apply(compiler: any): void;
}

/** A plugin of esbuild. */
export interface EsbuildLikePlugin {
  readonly name: string;
  setup(build: any): void | Promise<void>;
}
