/**
 * One Wasm function in the making. In: a binaryen module. Out: values that may be used any number of times, variables,
 * loops and effects, and at the end the function itself.
 * Invariant: a value is computed where it was made. Binaryen's own nodes may be used once only; here a value used once,
 * with no effect between, becomes an operand in place, any other goes into a local, and one that is never used vanishes.
 */
import type binaryen from 'binaryen'
import { InternalError } from '../../../src/core/errors.ts'
import type { Lower } from '../../kernel/scalar.ts'
import type { Binaryen } from './load.ts'

export type Node = binaryen.ExpressionRef
export type WasmType = 'i32' | 'f32' | 'f64' | 'v128'

/** What all functions of one module share. */
export interface EmitContext {
  readonly binaryen: Binaryen
  readonly module: binaryen.Module
  readonly simd: 'plain' | 'relaxed'
  readonly lower: Lower
  /** A function name not yet taken, beginning with `hint`. */
  readonly unique: (hint: string) => string
  /** The name of the function of this key; `make` defines it and gives its name, the first time only. */
  readonly memo: (key: string, make: () => string) => string
}

export const emitContext = (
  loaded: Binaryen,
  module: binaryen.Module,
  simd: 'plain' | 'relaxed',
  lower: Lower,
): EmitContext => {
  const taken = new Map<string, number>()
  const made = new Map<string, string>()
  const unique = (hint: string): string => {
    const before = taken.get(hint) ?? 0
    taken.set(hint, before + 1)
    // A name that was numbered here may be a hint elsewhere.
    return before === 0 ? hint : unique(`${hint}_${before}`)
  }
  const memo = (key: string, make: () => string): string => {
    const known = made.get(key)
    if (known !== undefined) return known
    const name = make()
    made.set(key, name)
    return name
  }
  return { binaryen: loaded, module, simd, lower, unique, memo }
}

/** A value in a function. Its parts belong to this file. */
export interface Value {
  readonly type: WasmType
  readonly args: readonly Value[]
  readonly make: (args: readonly Node[]) => Node
  /** `constant` is built anew at each use, `read` (of a variable) too, as long as no effect lies between. */
  readonly kind: 'computed' | 'read' | 'constant'
  readonly block: number
  readonly epoch: number
  uses: number
  escapes: boolean
  looped: boolean
  local: number
}

/** A local that is written more than once: a pointer, a counter, an accumulator. */
export interface Variable {
  readonly type: WasmType
  readonly local: number
}

export interface FunctionBuilder {
  readonly context: EmitContext
  readonly module: binaryen.Module
  readonly param: (index: number) => Value
  readonly i32: (value: number) => Value
  /** A pure instruction, or a load. */
  readonly value: (type: WasmType, args: readonly Value[], make: (args: readonly Node[]) => Node) => Value
  /** A value that costs something to make and is the same wherever it is used: made once, ahead of everything. */
  readonly hoisted: (key: string, type: WasmType, make: () => Node) => Value
  readonly variable: (type: WasmType, init: Value) => Variable
  readonly get: (variable: Variable) => Value
  readonly set: (variable: Variable, value: Value) => void
  /** A store or a call without a result. */
  readonly effect: (args: readonly Value[], make: (args: readonly Node[]) => Node) => void
  /** Runs the body once and again as long as the i32 that it gives is not 0; `leave` ends the loop where its i32 is not 0. */
  readonly repeat: (body: (leave: (condition: Value) => void) => Value) => void
  /** Runs the body where the i32 is not 0. What is made within is used within; results leave in variables. */
  readonly when: (condition: Value, body: () => void) => void
  /** Instructions made so far, a measure of code size. */
  readonly count: () => number
  /** Adds the function to the module. */
  readonly finish: (name: string) => string
}

type Statement =
  | { readonly tag: 'value'; readonly value: Value }
  | { readonly tag: 'effect'; readonly args: readonly Value[]; readonly make: (args: readonly Node[]) => Node }
  | { readonly tag: 'when'; readonly condition: Value; readonly body: readonly Statement[] }
  | {
      readonly tag: 'repeat'
      readonly body: readonly Statement[]
      readonly again: Value
      readonly label: string
      /** The label of a block around the loop; null where nothing leaves it midway. */
      readonly exit: string | null
    }

/** A function of `params` i32 parameters and no result. */
export const functionBuilder = (context: EmitContext, params: number): FunctionBuilder => {
  const { binaryen: b, module: m } = context
  const types = { i32: b.i32, f32: b.f32, f64: b.f64, v128: b.v128 }
  const locals: WasmType[] = []
  const values: Value[] = []
  const prologue: Statement[] = []
  const hoistedByKey = new Map<string, Value>()
  let statements: Statement[] = []
  let block = 1
  let epoch = 0
  let depth = 0
  let blocks = 1

  const newLocal = (type: WasmType): number => params + locals.push(type) - 1
  const use = (v: Value): void => {
    v.uses++
    if (v.block !== block || v.epoch !== epoch) v.escapes = true
    if (depth > 0) v.looped = true
  }
  const newValue = (
    kind: Value['kind'],
    type: WasmType,
    args: readonly Value[],
    make: (args: readonly Node[]) => Node,
    home: { readonly block: number; readonly epoch: number },
  ): Value => {
    args.forEach(use)
    const v: Value = { kind, type, args, make, ...home, uses: 0, escapes: false, looped: false, local: -1 }
    values.push(v)
    return v
  }
  const here = (
    kind: Value['kind'],
    type: WasmType,
    args: readonly Value[],
    make: (args: readonly Node[]) => Node,
  ): Value => {
    const v = newValue(kind, type, args, make, { block, epoch })
    statements.push({ tag: 'value', value: v })
    return v
  }
  const effect = (args: readonly Value[], make: (args: readonly Node[]) => Node): void => {
    args.forEach(use)
    statements.push({ tag: 'effect', args, make })
    epoch++
  }
  /** Opens a block of statements; what it answers closes the block and gives them. */
  const enter = (): (() => readonly Statement[]) => {
    const outer = { statements, block }
    statements = []
    block = ++blocks
    epoch++
    return () => {
      const inner = statements
      statements = outer.statements
      block = outer.block
      epoch++
      return inner
    }
  }
  const set = (variable: Variable, value: Value): void =>
    effect([value], ([x]) => m.local.set(variable.local, x as Node))

  const node = (v: Value): Node => {
    if (v.local >= 0) return m.local.get(v.local, types[v.type])
    return v.make(v.args.map(node))
  }
  const staysInPlace = (v: Value): boolean => {
    if (v.kind === 'constant') return true
    if (v.block === 0) return v.uses === 1 && !v.looped
    return !v.escapes && (v.kind === 'read' || v.uses === 1)
  }
  const lower = (list: readonly Statement[]): Node[] =>
    list.flatMap((s) => {
      if (s.tag === 'effect') return [s.make(s.args.map(node))]
      if (s.tag === 'when') {
        const condition = node(s.condition)
        return [m.if(condition, m.block(null, lower(s.body)))]
      }
      if (s.tag === 'repeat') {
        const body = lower(s.body)
        const loop = m.loop(s.label, m.block(null, [...body, m.br_if(s.label, node(s.again))]))
        return [s.exit === null ? loop : m.block(s.exit, [loop])]
      }
      const v = s.value
      if (v.uses === 0 || staysInPlace(v)) return []
      const made = v.make(v.args.map(node))
      v.local = newLocal(v.type)
      return [m.local.set(v.local, made)]
    })
  const dropUnused = (): void => {
    for (let i = values.length - 1; i >= 0; i--) {
      const v = values[i] as Value
      if (v.uses === 0) for (const a of v.args) a.uses--
    }
  }

  return {
    context,
    module: m,
    param: (index) => newValue('constant', 'i32', [], () => m.local.get(index, b.i32), { block: 0, epoch: 0 }),
    i32: (value) => newValue('constant', 'i32', [], () => m.i32.const(value), { block: 0, epoch: 0 }),
    value: (type, args, make) => here('computed', type, args, make),
    hoisted: (key, type, make) => {
      const known = hoistedByKey.get(key)
      if (known !== undefined) return known
      const v = newValue('computed', type, [], make, { block: 0, epoch: 0 })
      prologue.push({ tag: 'value', value: v })
      hoistedByKey.set(key, v)
      return v
    },
    variable: (type, init) => {
      const variable = { type, local: newLocal(type) }
      set(variable, init)
      return variable
    },
    get: (variable) => here('read', variable.type, [], () => m.local.get(variable.local, types[variable.type])),
    set,
    effect,
    repeat: (body) => {
      depth++
      const close = enter()
      const label = `L${block}`
      let exit: string | null = null
      const leave = (condition: Value): void => {
        const out = `${label}_out`
        exit = out
        effect([condition], ([x]) => m.br_if(out, x as Node))
      }
      const again = body(leave)
      use(again)
      const inner = close()
      depth--
      statements.push({ tag: 'repeat', body: inner, again, label, exit })
    },
    when: (condition, body) => {
      use(condition)
      const close = enter()
      body()
      const inner = close()
      statements.push({ tag: 'when', condition, body: inner })
    },
    count: () => values.length,
    finish: (name) => {
      if (depth !== 0) throw new InternalError(`function ${name} ends inside a loop`)
      dropUnused()
      const body = m.block(null, [...lower(prologue), ...lower(statements)])
      m.addFunction(
        name,
        b.createType(Array.from({ length: params }, () => b.i32)),
        b.none,
        locals.map((t) => types[t]),
        body,
      )
      return name
    },
  }
}
