export type { Format } from "./ast.ts";
export { type Diagnostic, type DiagnosticCode, formatDiagnostic } from "./diagnostic.ts";
export { checkOutput, type OutputReport, type UnreadFunction } from "./output.ts";
export {
  type MemoizedFunction,
  transform,
  type TransformOptions,
  type TransformResult,
} from "./transform.ts";
export { type Finding, type FindingCode, formatFinding } from "./fingerprint/finding.ts";
export {
  createFingerprinter,
  type Fingerprint,
  type Fingerprinter,
  type FingerprinterOptions,
} from "./fingerprint/fingerprint.ts";
export type { Change, Reached } from "rote";
export { explain } from "./fingerprint/explain.ts";
export { formatNote, type Note, type NoteCode, type NoteStep } from "./purity/note.ts";
