export { disk } from "./disk.ts";
export type { DiskStore } from "./disk-store.ts";
export type { DiskOptions, DiskProblem } from "./options.ts";
export type { DiskStats } from "./stats.ts";
