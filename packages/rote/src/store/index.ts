export type {
  AsyncStore,
  Claim,
  Store,
  StoreAddress,
  StoreListing,
  StoreNote,
  SyncStore,
} from "../tier/store.ts";
export { defineStore } from "./define-store.ts";
export { KeyedContent } from "../key/keyed-content.ts";
export {
  type EntryProblem,
  inspect,
  type InspectedEntry,
  type Inspection,
} from "../tier/inspect.ts";
export { compareReached } from "../tier/compare-reached.ts";
export {
  isManifest,
  type Manifest,
  manifestsOf,
  type PackedReached,
  packReached,
  readManifest,
} from "../tier/manifest.ts";
export { type NamespaceParts, splitNamespace } from "../tier/namespace.ts";
