/**
 * Entry `nabla/compiler`: transformations of expressions, and compilation to artifacts.
 */
export { hessian, hvp, jacobian, type VmapOptions, vmap } from './batching.ts'
export { type CompileError, showError } from '../src/core/errors.ts'
export { type Artifact, type CompileOptions, compile } from './compile.ts'
export { type InspectOptions, inspect, toLatex } from './describe.ts'
export { derivation, type DerivationOptions } from './derivation.ts'
export type { EntryInput, EntryInputs, Step } from './entries.ts'
export { interpret } from './interpret/interpret.ts'
export { type Tensor, tensor } from './interpret/tensor.ts'
export { print, type Printable } from './inspect/print.ts'
export type { PassName, PassTime } from './pass.ts'
export type { Update } from '../src/expr/leaves.ts'
export type { PolicedLoop, Recomputation, RecomputedValue } from './remat.ts'
export { provenance, type ProvenanceOptions, provenancePage } from './provenance.ts'
export {
  printRewrites,
  replay,
  type ReplayError,
  type Rewrite,
  type RewriteOptions,
  type RewrittenProgram,
  rewrites,
} from './rewrites.ts'
export type { Structure } from '../src/expr/structure.ts'
export {
  cost,
  dot,
  graph,
  graphPage,
  javascript,
  kernels,
  memory,
  memoryPicture,
  type ViewOptions,
  wat,
} from './views.ts'
export { trace, type TraceOptions, tracePage } from './trace.ts'
export { type TrainStepOptions, trainStep } from './train-step.ts'
export { type Derivative, toTypeScript, type TypeScriptOptions } from './typescript.ts'
export { grad, jvp, type Scalar, simplify, valueAndGrad, vjp } from './transforms.ts'
