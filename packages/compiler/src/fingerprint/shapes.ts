/**
 * What of a node is part of its normal form, in this order. A field that is not listed is erased: types, modifiers of
 * TypeScript, how a literal is spelt. Kinds that are missing here have a method of their own in the writers.
 */
export const shapes: Readonly<Record<string, readonly string[]>> = {
  AccessorProperty: ["static", "decorators", "value"],
  ArrayExpression: ["elements"],
  AssignmentExpression: ["operator", "left", "right"],
  AwaitExpression: ["argument"],
  ChainExpression: ["expression"],
  ConditionalExpression: ["test", "consequent", "alternate"],
  Decorator: ["expression"],
  DoWhileStatement: ["body", "test"],
  ExpressionStatement: ["expression", "directive"],
  IfStatement: ["test", "consequent", "alternate"],
  JSXAttribute: ["name", "value"],
  JSXExpressionContainer: ["expression"],
  JSXNamespacedName: ["namespace", "name"],
  JSXSpreadAttribute: ["argument"],
  JSXSpreadChild: ["expression"],
  ObjectExpression: ["properties"],
  ReturnStatement: ["argument"],
  SequenceExpression: ["expressions"],
  SpreadElement: ["argument"],
  Super: [],
  SwitchCase: ["test", "consequent"],
  ThisExpression: [],
  ThrowStatement: ["argument"],
  TryStatement: ["block", "handler", "finalizer"],
  UnaryExpression: ["operator", "argument"],
  UpdateExpression: ["operator", "prefix", "argument"],
  V8IntrinsicExpression: ["name", "arguments"],
  WhileStatement: ["test", "body"],
  WithStatement: ["object", "body"],
  YieldExpression: ["delegate", "argument"],
};

/** Statements and members that exist for the type checker alone. */
export const typesOnly: ReadonlySet<string> = new Set([
  "TSAbstractAccessorProperty",
  "TSAbstractMethodDefinition",
  "TSAbstractPropertyDefinition",
  "TSDeclareFunction",
  "TSEmptyBodyFunctionExpression",
  "TSGlobalDeclaration",
  "TSIndexSignature",
  "TSInterfaceDeclaration",
  "TSNamespaceExportDeclaration",
  "TSTypeAliasDeclaration",
]);
