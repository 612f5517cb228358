/**
 * Whose file it is, and of which format: docs/design/0014-disk.md. The header says so and the tables say it
 * again, so that a flipped bit in the header is not taken for a file of somebody else, or of a newer rote,
 * which would be left alone for ever.
 */
import { RoteError } from "../errors.ts";
import type { Connection } from "./platform.ts";
import { Damage, kindOf } from "./problem.ts";

export const FORMAT = 1;

/** The text `rote`, as an integer. */
export const APPLICATION = 0x72_6f_74_65;

const HEADER = `SELECT (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version,
  (SELECT count(*) FROM sqlite_schema) AS tables`;

interface Header {
  readonly application: number;
  readonly version: number;
  readonly tables: number;
}

/**
 * Whether a database can be used: `"empty"` for one without anything.
 *
 * @param remedies - What to do about a database of another program, and about a newer one.
 * @throws {RoteError} `ERR_STORE` for those.
 * @throws {Damage} If the file says two things.
 */
export function checkFormat(
  connection: Connection,
  shown: string,
  remedies: { readonly foreign: string; readonly newer: string },
): "empty" | "ready" {
  const { application, version, tables } = connection.prepare(HEADER).get() as unknown as Header;
  if (application === 0 && version === 0 && tables === 0) return "empty";
  const said = formatInTables(connection, application === APPLICATION);
  if (said === undefined && application !== APPLICATION) {
    throw new RoteError(
      "ERR_STORE",
      `disk: "${shown}" is a database of another program${remedies.foreign}`,
    );
  }
  // A row that is missing is found by whoever needs it.
  if ((said ?? FORMAT) !== version || application !== APPLICATION)
    throw new Damage("The header of the file does not say what its tables say.");
  if (version > FORMAT) {
    throw new RoteError(
      "ERR_STORE",
      `disk: "${shown}" was made by a newer rote (format ${version}; this one knows ${FORMAT})${remedies.newer}`,
    );
  }
  return "ready";
}

/** `undefined` if they are not ours. */
function formatInTables(connection: Connection, isOurs: boolean): unknown {
  try {
    return connection.prepare("SELECT rote_format FROM state").get()?.["rote_format"];
  } catch (error) {
    if (isOurs || kindOf(error) !== "damaged") throw error;
    return undefined;
  }
}
