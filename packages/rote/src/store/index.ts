export type {
  AsyncStore,
  Store,
  StoreAddress,
  StoreListing,
  StoreNote,
  SyncStore,
} from "../tier/store.ts";
export { defineStore } from "./define-store.ts";
