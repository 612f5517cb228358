export { memoizeMarked, type MarkedMeta } from "./memoize-marked.ts";
export { memoizeMembers } from "./memoize-members.ts";
