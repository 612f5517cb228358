import type { TransformOptions } from "../transform.ts";

/** Which files are meant: glob patterns as text, regular expressions, or a list of both. */
export type FilePatterns = string | RegExp | readonly (string | RegExp)[];

/** Options of the plugins. */
export interface PluginOptions extends Pick<TransformOptions, "defaults" | "root"> {
  /**
   * The files to read, those in node_modules among them.
   * @defaultValue all JavaScript and TypeScript outside of node_modules, and of packages whose package.json has `"rote": { "source": true }`
   */
  include?: FilePatterns;
  /**
   * Files to leave alone, whatever `include` says.
   * @defaultValue none
   */
  exclude?: FilePatterns;
  /**
   * Whether the build fails where something is marked that cannot be memoized.
   * @defaultValue false: it is a warning
   */
  strict?: boolean;
  /**
   * Whether functions get fingerprints of all that they reach, by which stored results are found.
   * @defaultValue true
   */
  fingerprints?: boolean;
  /**
   * Whether the output also says what each function with a fingerprint reaches, so that `explain` of a later build can name what has changed.
   * It takes some 60 bytes for each declaration that a function reaches.
   * @defaultValue false
   */
  manifests?: boolean;
  /**
   * Whether what makes memoized functions impure is a warning of the build: arguments that they change, input and output, …
   * @defaultValue what the nearest package.json says: `"rote": { "notes": true }`; else false, since all that they call is read
   */
  notes?: boolean;
}
