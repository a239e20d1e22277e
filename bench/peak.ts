// The machine's ceiling: what f32x4 arithmetic and memory can do at best on this engine, by kernels that do nothing else.
// Comes in: `peak` or `bandwidth` and a variant; goes out: a task whose work is floating-point operations or bytes a run.
// A share of this figure, taken in the same rounds, is what can be compared between machines; GFLOP/s cannot.

import binaryen from 'binaryen'
import { hasRelaxedSimd } from './engine.ts'
import type { Task, Variant } from './subject.ts'
import { unlimited } from './workloads/workload.ts'

type Expression = number
type Kernel = (argument: number) => number

// Two operations of 4 cycles' latency, two a cycle: 8 chains already hide it, 14 and two operands fill the registers.
const accumulators = 14
const iterations = 20_000
// Larger than any cache: a server's last level holds hundreds of megabytes.
const bufferBytes = 256 * 1024 * 1024
const vectorBytes = 16
const unroll = 4

type Emitter = (module: binaryen.Module) => void

const instantiate = (emit: Emitter): Kernel => {
  const module = new binaryen.Module()
  module.setFeatures(binaryen.Features.SIMD128 | binaryen.Features.RelaxedSIMD)
  emit(module)
  if (!module.validate()) throw new Error('the peak kernel does not validate')
  const bytes = module.emitBinary()
  module.dispose()
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource))
  return instance.exports['kernel'] as Kernel
}

// binaryen.js has the operation but neither a method for it nor a type.
const ternary = (
  binaryen as unknown as {
    _BinaryenSIMDTernary: (module: number, op: number, a: Expression, b: Expression, c: Expression) => Expression
  }
)._BinaryenSIMDTernary

const multiplyAdd = (
  module: binaryen.Module,
  variant: Variant,
  a: Expression,
  b: Expression,
  c: Expression,
): Expression =>
  variant === 'relaxed'
    ? ternary(module.ptr, binaryen.RelaxedMaddVecF32x4, a, b, c)
    : module.f32x4.add(module.f32x4.mul(a, b), c)

// kernel(n): n times acc[i] = acc[i]·0.5 + 0.5 in every accumulator. The accumulators start apart and tend to 1, so that
// no product is subnormal and no two chains are the same expression; their sum is returned, so that none is dead.
const arithmetic =
  (variant: Variant): Emitter =>
  (module) => {
    const counter = 0
    const half = 1
    const local = (index: number): number => 2 + index
    const get = (index: number): Expression => module.local.get(local(index), binaryen.v128)
    const splat = (value: number): Expression => module.f32x4.splat(module.f32.const(value))
    const indices = Array.from({ length: accumulators }, (_, index) => index)
    const operand = (): Expression => module.local.get(half, binaryen.v128)
    const body = module.block(null, [
      module.local.set(half, splat(0.5)),
      ...indices.map((index) => module.local.set(local(index), splat(index))),
      module.loop(
        'again',
        module.block(null, [
          ...indices.map((index) =>
            module.local.set(local(index), multiplyAdd(module, variant, get(index), operand(), operand())),
          ),
          module.br_if(
            'again',
            module.local.tee(
              counter,
              module.i32.sub(module.local.get(counter, binaryen.i32), module.i32.const(1)),
              binaryen.i32,
            ),
          ),
        ]),
      ),
      module.return(
        module.f32x4.extract_lane(
          indices.map(get).reduce((sum, term) => module.f32x4.add(sum, term)),
          0,
        ),
      ),
    ])
    const locals = [binaryen.v128, ...indices.map(() => binaryen.v128)]
    module.addFunction('kernel', binaryen.createType([binaryen.i32]), binaryen.f32, locals, body)
    module.addFunctionExport('kernel', 'kernel')
  }

// kernel(n): copies n bytes from address 0 to address bufferBytes, four vectors a turn.
const copy: Emitter = (module) => {
  // Before any load: an access takes the memory's index type from it.
  const pages = (2 * bufferBytes) / 65536
  module.setMemory(pages, pages, 'memory')
  const limit = 0
  const pointer = 1
  const at = (): Expression => module.local.get(pointer, binaryen.i32)
  const moved = Array.from({ length: unroll }, (_, index) => {
    const offset = index * vectorBytes
    return module.v128.store(bufferBytes + offset, 16, at(), module.v128.load(offset, 16, at()))
  })
  const next = module.i32.add(at(), module.i32.const(unroll * vectorBytes))
  const body = module.block(null, [
    module.loop(
      'again',
      module.block(null, [
        ...moved,
        module.br_if(
          'again',
          module.i32.lt_u(module.local.tee(pointer, next, binaryen.i32), module.local.get(limit, binaryen.i32)),
        ),
      ]),
    ),
    module.return(module.f32.load(bufferBytes, 4, module.i32.const(0))),
  ])
  module.addFunction('kernel', binaryen.createType([binaryen.i32]), binaryen.f32, [binaryen.i32], body)
  module.addFunctionExport('kernel', 'kernel')
}

const task = (kernel: Kernel, argument: number, work: number): Task => ({
  run: (times) => {
    for (let index = 0; index < times; index += 1) kernel(argument)
  },
  work,
  losses: [],
  firstMilliseconds: 0,
  runLimit: unlimited,
})

/** The measured ceiling by that name, or undefined where this engine does not have the variant. */
export const ceiling = (name: 'peak' | 'bandwidth', variant: Variant): Task | undefined => {
  if (name === 'bandwidth') return task(instantiate(copy), bufferBytes, 2 * bufferBytes)
  if (variant === 'relaxed' && !hasRelaxedSimd()) return undefined
  return task(instantiate(arithmetic(variant)), iterations, iterations * accumulators * 4 * 2)
}
