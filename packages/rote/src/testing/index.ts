export { type ConformanceOptions, type OpenedStore, storeConformance } from "./conformance.ts";
export { type MemoryStore, memoryStore } from "./memory-store.ts";
