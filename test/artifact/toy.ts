/**
 * A small artifact assembled by hand: a linear unit with two weights, for tests of what surrounds the compiler.
 * In: nothing, or changes to the parts. Out: its manifest, its WebAssembly module, its JavaScript module.
 * Invariant: both targets compute the same f32 arithmetic at the same addresses.
 */
import type { JavaScriptArtifact } from '../../runtime/instantiate.ts'
import { attachManifest } from '../../src/artifact/container.ts'
import { unsignedBytes, wasmPreamble } from '../../src/artifact/sections.ts'
import type { Manifest } from '../../src/artifact/types.ts'
import type { DType } from '../../src/core/dtype.ts'
import type { Shape } from '../../src/core/shape.ts'

const at = { w: 0, b: 16, step: 32, x: 48, rate: 64, key: 80, flags: 96, loss: 112, y: 128, end: 144 } as const

const x = { name: 'x', dtype: 'f32', shape: [1, 2], offset: at.x } as const

type Tensor<D extends DType, S extends Shape> = { readonly dtype: D; readonly shape: S }

/** What `toyManifest` says, as types; `compile` carries these by itself. */
export type ToyEntries = {
  readonly init: {
    readonly inputs: { readonly key: Tensor<'i32', readonly [2]> }
    readonly outputs: NonNullable<unknown>
  }
  readonly step: {
    readonly inputs: {
      readonly x: Tensor<'f32', readonly [1, 2]>
      readonly learningRate: Tensor<'f32', readonly []>
    }
    readonly outputs: { readonly loss: Tensor<'f32', readonly []> }
  }
  readonly predict: {
    readonly inputs: { readonly x: Tensor<'f32', readonly [1, 2]>; readonly flags: Tensor<'bool', readonly [2]> }
    readonly outputs: { readonly y: Tensor<'f32', readonly [1, 1]> }
  }
}

export type ToyParams = {
  readonly w: Tensor<'f32', readonly [2, 1]>
  readonly b: Tensor<'f32', readonly []>
}

export type ToyStates = {
  readonly steps: Tensor<'i32', readonly []>
}

export const toyManifest: Manifest = {
  schema: 1,
  compiler: '0.1.0',
  target: 'wasm',
  simd: 'plain',
  memoryBytes: at.end,
  params: [
    { name: 'w', dtype: 'f32', shape: [2, 1], offset: at.w },
    { name: 'b', dtype: 'f32', shape: [], offset: at.b },
  ],
  states: [{ name: 'steps', dtype: 'i32', shape: [], offset: at.step }],
  entries: [
    {
      name: 'init',
      inputs: [{ name: 'key', dtype: 'i32', shape: [2], offset: at.key }],
      outputs: [],
      flops: 0,
      bytes: 20,
      peak: 0,
    },
    {
      name: 'step',
      inputs: [x, { name: 'learningRate', dtype: 'f32', shape: [], offset: at.rate }],
      outputs: [{ name: 'loss', dtype: 'f32', shape: [], offset: at.loss }],
      flops: 7,
      bytes: 44,
      peak: 0,
    },
    {
      name: 'predict',
      inputs: [x, { name: 'flags', dtype: 'bool', shape: [2], offset: at.flags }],
      outputs: [{ name: 'y', dtype: 'f32', shape: [1, 1], offset: at.y }],
      flops: 4,
      bytes: 24,
      peak: 0,
    },
  ],
  constants: [],
  certificate: {
    program: '00112233445566778899aabbccddeeff',
    tolerance: 1e-6,
    variables: [
      { of: 'loss', by: 'w', shape: [2, 1], coordinates: 2, worst: 2e-9, at: [1, 0], mean: 1e-9, undecided: 0 },
    ],
  },
}

type Code = readonly number[]

const address = [0x41, 0x00]
const loadF32 = (offset: number): Code => [...address, 0x2a, 2, ...unsignedBytes(offset)]
const loadI32 = (offset: number): Code => [...address, 0x28, 2, ...unsignedBytes(offset)]
const storeF32 = (offset: number, value: Code): Code => [...address, ...value, 0x38, 2, ...unsignedBytes(offset)]
const storeI32 = (offset: number, value: Code): Code => [...address, ...value, 0x36, 2, ...unsignedBytes(offset)]
const add = (a: Code, b: Code): Code => [...a, ...b, 0x92]
const sub = (a: Code, b: Code): Code => [...a, ...b, 0x93]
const mul = (a: Code, b: Code): Code => [...a, ...b, 0x94]
const addI32 = (a: Code, b: Code): Code => [...a, ...b, 0x6a]
const fromI32 = (a: Code): Code => [...a, 0xb2]
const zero: Code = [0x41, 0x00]
const one: Code = [0x41, 0x01]

const product = (): Code =>
  add(add(mul(loadF32(at.w), loadF32(at.x)), mul(loadF32(at.w + 4), loadF32(at.x + 4))), loadF32(at.b))

const descend = (offset: number): Code =>
  storeF32(at.w + offset, sub(loadF32(at.w + offset), mul(loadF32(at.rate), loadF32(at.x + offset))))

export const unreachable: Code = [0x00]

export const toyCode: Readonly<Record<string, Code>> = {
  init: [
    ...storeF32(at.w, fromI32(loadI32(at.key))),
    ...storeF32(at.w + 4, fromI32(loadI32(at.key + 4))),
    ...storeF32(at.b, fromI32(zero)),
    ...storeI32(at.step, zero),
  ],
  step: [
    ...descend(0),
    ...descend(4),
    ...storeI32(at.step, addI32(loadI32(at.step), one)),
    ...storeF32(at.loss, product()),
  ],
  predict: storeF32(at.y, product()),
}

export const section = (id: number, content: Code): Code => [id, ...unsignedBytes(content.length), ...content]

const named = (name: string): Code => [name.length, ...new TextEncoder().encode(name)]

const exportsOf = (names: readonly string[]): Code =>
  section(7, [
    names.length + 1,
    ...named('memory'),
    ...[0x02, 0x00],
    ...names.flatMap((name, i) => [...named(name), 0x00, i]),
  ])

export interface ModuleParts {
  readonly code?: Readonly<Record<string, Code>>
  readonly memory?: Code
  /** Sections between the memory's and the exports'. */
  readonly extra?: Code
}

/** A module of one memory and one function an entry. */
export const moduleOf = ({ code = toyCode, memory = [1, 1, 1, 1], extra = [] }: ModuleParts = {}): Uint8Array => {
  const bodies = Object.values(code)
  return new Uint8Array([
    ...wasmPreamble,
    ...section(1, [0x01, 0x60, 0x00, 0x00]),
    ...section(3, [bodies.length, ...bodies.map(() => 0)]),
    ...section(5, memory),
    ...exportsOf(Object.keys(code)),
    ...extra,
    ...section(10, [
      bodies.length,
      ...bodies.flatMap((body) => [...unsignedBytes(body.length + 2), 0x00, ...body, 0x0b]),
    ]),
  ])
}

export const toyArtifact = (changes: Partial<Manifest> = {}, parts: ModuleParts = {}): Uint8Array<ArrayBuffer> =>
  new Uint8Array(attachManifest(moduleOf(parts), { ...toyManifest, ...changes }))

/** The same program as the JavaScript target would write it. */
export const toyJavaScript: JavaScriptArtifact = {
  manifest: { ...toyManifest, target: 'javascript' },
  instantiate: (memory = new ArrayBuffer(at.end)) => {
    const f = new Float32Array(memory)
    const i = new Int32Array(memory)
    const get = (offset: number): number => f[offset / 4] as number
    const set = (offset: number, value: number): void => {
      f[offset / 4] = value
    }
    const round = Math.fround
    const output = (): number =>
      round(round(round(get(at.w) * get(at.x)) + round(get(at.w + 4) * get(at.x + 4))) + get(at.b))
    const entries = {
      init: () => {
        set(at.w, i[at.key / 4] as number)
        set(at.w + 4, i[at.key / 4 + 1] as number)
        set(at.b, 0)
        i[at.step / 4] = 0
      },
      step: () => {
        for (const k of [0, 4]) set(at.w + k, round(get(at.w + k) - round(get(at.rate) * get(at.x + k))))
        i[at.step / 4] = (i[at.step / 4] as number) + 1
        set(at.loss, output())
      },
      predict: () => set(at.y, output()),
    }
    return { memory, entries }
  },
}
