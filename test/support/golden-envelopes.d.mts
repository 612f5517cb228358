import type { About } from "../../packages/rote/src/tier/stored.ts";

export const about: About;

export const golden: readonly (readonly [
  name: string,
  value: unknown,
  how: "result" | "encoded" | "failure",
  more?: Partial<About>,
])[];
