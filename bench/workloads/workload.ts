// What a workload is: everything that decides the numbers of a run, and nothing about who runs it. Every subject gets
// the same initial parameters, the same batches in the same order and the same hyperparameters, as plain typed arrays.

/** No limit to the steps or runs of a workload, and yet a number to count with. */
export const unlimited = Number.MAX_SAFE_INTEGER

export type Tensor = { readonly shape: readonly number[]; readonly data: Float32Array | Int32Array }

export type Sgd = { readonly _tag: 'sgd'; readonly learningRate: number }
export type Momentum = { readonly _tag: 'momentum'; readonly learningRate: number; readonly momentum: number }
export type Adagrad = { readonly _tag: 'adagrad'; readonly learningRate: number; readonly epsilon: number }
export type Adam = {
  readonly _tag: 'adam'
  readonly learningRate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

export type Optimizer = Sgd | Momentum | Adagrad | Adam

/**
 * Whole training steps: forward, backward, update, and the loss read back as a number. `Parameters` and `Inputs` are the
 * names a subject binds to; batches are taken in turn, the first again after the last.
 */
export type Training<
  Parameters extends string = string,
  Inputs extends string = string,
  Method extends Optimizer = Optimizer,
> = {
  readonly _tag: 'training'
  readonly name: string
  readonly summary: string
  readonly parameters: Readonly<Record<Parameters, Tensor>>
  readonly batches: readonly Readonly<Record<Inputs, Tensor>>[]
  readonly optimizer: Method
  /** Floating-point operations of a step's matrix products; 0 where they do not decide its time. */
  readonly productFlops: number
  /** A run takes no more steps than this: beyond it, what is measured is no longer the ordinary step. */
  readonly stepLimit: number
}

/** `nn` is A·B, `tn` is Aᵀ·B and `nt` is A·Bᵀ; `left` and `right` are the operands as they are stored. */
export type Product = {
  readonly _tag: 'product'
  readonly name: string
  readonly form: 'nn' | 'tn' | 'nt'
  readonly left: Tensor
  readonly right: Tensor
  readonly flops: number
}

/** A convolution of stride 1, or what it gives its image or its filters as cotangent; images are [n, h, w, c]. */
export type Convolution = {
  readonly _tag: 'convolution'
  readonly name: string
  readonly form: 'forward' | 'image' | 'filters'
  /** How image, result and their cotangents are to lie. The data are [n, h, w, c] whatever it says, for all to start from. */
  readonly layout: 'NHWC' | 'NCHW'
  readonly groups: number
  readonly image: Tensor
  /** [kh, kw, c / groups, f] */
  readonly filters: Tensor
  readonly cotangent: Tensor
  /** Rows and columns of zeros on every side. */
  readonly pad: number
  readonly flops: number
}

export type Workload = Training | Product | Convolution
