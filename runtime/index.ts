/**
 * `nabla/runtime`: loads and runs artifacts. It knows no op and no compiler.
 */
export { artifactErrorCodes } from '../src/artifact/codes.ts'
export { readArtifact } from '../src/artifact/container.ts'
export type {
  ArtifactOf,
  EntrySpec,
  EntrySpecs,
  GradientCertificate,
  Limits,
  Manifest,
  ManifestEntry,
  ManifestPort,
  PortSpecs,
  Simd,
  Target,
  ValueOf,
  Values,
  View,
  ViewOf,
  Views,
} from '../src/artifact/types.ts'
export { decodeWeights, encodeWeights, type WeightTensor } from '../src/artifact/weights.ts'
export { type LoadError, type RunError, showError } from '../src/core/errors.ts'
export { loadErrorCodes, runErrorCodes } from './codes.ts'
export { epochOrder, gatherRows } from './data/batches.ts'
export { dataErrorCodes } from './data/codes.ts'
export { type IdxBytes, type NamedBytes, parseIdx, readIdx } from './data/idx.ts'
export { type LabelledImages, readLabelledImages, sliceImages } from './data/labelled-images.ts'
export type { Entry } from './entry.ts'
export { checkFeatures, detectFeatures, type Features } from './features.ts'
export type { JavaScriptArtifact } from './instantiate.ts'
export { type ArtifactSource, type LoadOptions, load } from './load.ts'
export { type Bleu, bleu, type BleuOptions, type Sentence, type Token } from './metrics/bleu.ts'
export {
  accuracy,
  type Classes,
  type ClassScores,
  type ConfusionMatrix,
  classScores,
  confusionMatrix,
  countOf,
  macroScores,
  microScores,
  type Scores,
} from './metrics/classification.ts'
export { type Span, spanScores, type SpanScores, spansOf } from './metrics/spans.ts'
export type { Entries, Program, ProgramOf } from './program.ts'
export type { ProgramThreads } from './threads/threads.ts'
export { type Progress, type Trained, type Training, train, type Verdict } from './train.ts'
