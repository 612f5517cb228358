export type { Format } from "./ast.ts";
export { type Diagnostic, type DiagnosticCode, formatDiagnostic } from "./diagnostic.ts";
export { checkOutput, type OutputReport, type UnreadFunction } from "./output.ts";
export {
  type MemoizedFunction,
  transform,
  type TransformOptions,
  type TransformResult,
} from "./transform.ts";
