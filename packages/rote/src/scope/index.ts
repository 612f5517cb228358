export { runInScope } from "./run-in-scope.ts";
