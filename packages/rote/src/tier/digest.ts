import { RoteError } from "../errors.ts";
import { builtinModule } from "./builtin.ts";

interface Crypto {
  hash(algorithm: string, data: Uint8Array | string, encoding: "hex"): string;
}

let crypto: Crypto | undefined;

/** The SHA-256 digest of bytes, or of a text in UTF-8, in lower-case hexadecimal. */
export function sha256(data: Uint8Array | string): string {
  crypto ??= builtinModule<Crypto>("node:crypto");
  if (crypto === undefined) {
    throw new RoteError(
      "ERR_UNSUPPORTED",
      "A store needs node:crypto, which this platform does not have: Node 20.19 or newer has it. Leave out the option store.",
    );
  }
  return crypto.hash("sha256", data, "hex");
}
