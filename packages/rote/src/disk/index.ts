export { disk } from "./disk.ts";
export type { DiskStore } from "./disk-store.ts";
export type { DiskOptions, DiskProblem } from "./options.ts";
export type { DiskStats } from "./stats.ts";
export { viewDisk } from "./view-disk.ts";
export type { DiskListing, DiskTrouble, DiskView } from "./view.ts";
