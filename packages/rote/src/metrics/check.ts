import { RoteError } from "../errors.ts";
import { checkEach, type Rule, show } from "../options.ts";

/** Throws unless `options` are an object of which the table of `where` knows every option. */
export function checkOptionsOf(
  where: string,
  options: object,
  table: { readonly [option: string]: Rule },
  example: string,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `The options of ${where} must be an object such as ${example}; received ${show(options)}. Leave them out for the defaults.`,
      { value: options },
    );
  }
  checkEach(options, table, where);
}
