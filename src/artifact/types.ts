/**
 * What an artifact says about itself, and the types by which compiler and runtime speak of one.
 * In: nothing. Out: the manifest's types, and a program's inputs, outputs, parameters and states at the level of types.
 * Invariant: every offset is in bytes from the start of the program's one memory.
 */
import type { DType } from '../core/dtype.ts'
import type { Source } from '../core/errors.ts'
import type { Shape, TensorType } from '../core/shape.ts'

/** A named tensor that the world sees, and where it lies. */
export interface ManifestPort extends TensorType {
  readonly name: string
  readonly offset: number
}

/** A loop around a check: what it looks at is stacked, an element a step. */
export interface ManifestLoop {
  /** Tells the loops of an entry apart. */
  readonly loop: number
  readonly length: number
  readonly reverse: boolean
}

/**
 * What an entry of a checked build finds out about one of its tensors in every run. An `index` check looks for the first index
 * that is outside of 0 … extent − 1; a `number` check for the first NaN, else the first infinity.
 */
export interface ManifestCheck {
  readonly kind: 'index' | 'number'
  /** The op, or the expression that makes the number. */
  readonly text: string
  /** What the tensor is called: the indices, or the number. */
  readonly name: string
  /** Of indices: what they have to be. */
  readonly limit?: string
  /** The place in the user's text. */
  readonly source?: Source
  readonly dtype: DType
  readonly shape: Shape
  /** Outer loops first. */
  readonly loops: readonly ManifestLoop[]
  /** `number`: which faults are its own, and not those of what it is made of. */
  readonly reports: 'all' | 'nan' | 'nothing'
  /** `number`: the checks of what it is made of. */
  readonly operands: readonly number[]
  /**
   * Where its findings lie. `index`: the place of the first stray one (the size where there is none) and its value, in i32.
   * `number`: an i32 (the place of the first NaN, else the size + that of the first infinity, else twice the size), and the
   * least and the greatest element.
   */
  readonly offsets: readonly number[]
}

/**
 * An entry that may run several times in one call. Its ports are those of the first run; those of run i lie i times their bytes
 * behind.
 */
export interface ManifestQueue {
  /** Most runs in one call. */
  readonly length: number
  /** Where the i32 lies that says how many runs the next call makes; anything less than 1 is 1. */
  readonly count: number
}

export interface ManifestEntry {
  readonly name: string
  readonly inputs: readonly ManifestPort[]
  readonly outputs: readonly ManifestPort[]
  /** Floating-point operations of one run. */
  readonly flops: number
  /** Bytes that the kernels read and write in one run. */
  readonly bytes: number
  /** Most bytes of the arena in use at once. */
  readonly peak: number
  /** What a checked build looks at, in the order of the program. */
  readonly checks?: readonly ManifestCheck[]
  readonly queue?: ManifestQueue
}

/** What was found of the gradient of one scalar by one variable. */
export interface VariableFindings {
  /** The scalar, as the model names it. */
  readonly of: string
  readonly by: string
  readonly shape: Shape
  /** How many coordinates were compared. */
  readonly coordinates: number
  /** The largest relative error among those that differences can tell, and where it is. */
  readonly worst: number
  readonly at: readonly number[]
  readonly mean: number
  /** Coordinates of which differences can tell nothing: at a kink, or lost in cancellation. */
  readonly undecided: number
  /** Why the user's rules make it no derivative on purpose, so that none of its coordinates was compared. */
  readonly stated?: string
}

/** What `nabla check` found when it compared gradients with central differences in f64. */
export interface GradientFindings {
  /** The bound that errors were held against. */
  readonly tolerance: number
  readonly variables: readonly VariableFindings[]
}

/** Findings about one program, which travel with it. */
export interface GradientCertificate extends GradientFindings {
  /** The digest of the program that was checked, 32 hexadecimal digits: src/artifact/certificate.ts says of what. */
  readonly program: string
}

export type Target = 'wasm' | 'javascript'

/** `relaxed` uses fused multiply-add, and so gives up equal bits in every engine. */
export type Simd = 'plain' | 'relaxed'

export interface Manifest {
  readonly schema: number
  /** Version of the compiler that made the artifact. */
  readonly compiler: string
  readonly target: Target
  readonly simd: Simd
  readonly memoryBytes: number
  readonly params: readonly ManifestPort[]
  readonly states: readonly ManifestPort[]
  readonly entries: readonly ManifestEntry[]
  /** Regions that hold their bytes as soon as the program is instantiated. */
  readonly constants: readonly { readonly offset: number; readonly bytes: number }[]
  readonly certificate?: GradientCertificate
  /** Left out where one thread alone can run the program. */
  readonly threads?: ManifestThreads
}

/** How threads run a program together. */
export interface ManifestThreads {
  /** As many as may work at once, that which calls an entry among them. */
  readonly most: number
  /** Byte offset of the words by which they agree on who does what. */
  readonly control: number
}

/** Bounds that an artifact must keep before anything is allocated for it. */
export interface Limits {
  /** Most bytes of memory that a program may ask for. */
  readonly memoryBytes: number
}

export const defaultLimits: Limits = { memoryBytes: 2 ** 30 }

/** Tensors by name, at the level of types: `{ x: { dtype: 'f32'; shape: readonly [128, 784] } }`. */
export type PortSpecs = Readonly<Record<string, TensorType>>

export interface EntrySpec {
  readonly inputs: PortSpecs
  readonly outputs: PortSpecs
}

/** Entries by name, at the level of types: what `compile` knows and `load` hands on. */
export type EntrySpecs = Readonly<Record<string, EntrySpec>>

declare const specs: unique symbol

/**
 * A compiled artifact as a value. The specs are types alone: no value ever carries them, they only travel from `compile`
 * to `load`, so that the program's inputs and outputs are known by name and dtype.
 */
export interface ArtifactOf<
  E extends EntrySpecs = EntrySpecs,
  P extends PortSpecs = PortSpecs,
  S extends PortSpecs = PortSpecs,
> {
  readonly manifest: Manifest
  readonly bytes: Uint8Array
  readonly [specs]?: { readonly entries: E; readonly params: P; readonly states: S }
}

/** The typed array of a dtype; a bool is an i32 of 0 or 1. */
export type ViewOf<D extends DType> = D extends 'f32' ? Float32Array : D extends 'f64' ? Float64Array : Int32Array

export type View = ViewOf<DType>

export type Views<P extends PortSpecs> = { readonly [K in keyof P]: ViewOf<P[K]['dtype']> }

type Scalar<D extends DType> = D extends 'bool' ? boolean | number : number

/** A plain number stands for a tensor of one element; where the shape is known, only for a scalar. */
type ScalarOf<T extends TensorType> = number extends T['shape']['length']
  ? Scalar<T['dtype']>
  : T['shape'] extends readonly []
    ? Scalar<T['dtype']>
    : never

/** What may be given for an input: its typed array, a flat list of numbers, or the number itself. */
export type ValueOf<T extends TensorType> = ViewOf<T['dtype']> | readonly Scalar<T['dtype']>[] | ScalarOf<T>

export type Values<P extends PortSpecs> = { readonly [K in keyof P]: ValueOf<P[K]> }

/** A view of memory for a dtype; `offset` in bytes, `elements` in elements. */
export const viewOf = (memory: ArrayBufferLike, dtype: DType, offset: number, elements: number): View => {
  switch (dtype) {
    case 'f32':
      return new Float32Array(memory, offset, elements)
    case 'f64':
      return new Float64Array(memory, offset, elements)
    case 'i32':
    case 'bool':
      return new Int32Array(memory, offset, elements)
    default:
      return dtype satisfies never
  }
}
