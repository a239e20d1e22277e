/**
 * The part of a generated wrapper that is the same for every artifact, as text.
 * In: nothing; it reads the constants that `wrapperOf` writes ahead of it: file, params, states, entries. Out: JavaScript.
 * Invariant: it depends on nothing; names, lengths and types of values, and a checkpoint's digest and header, are checked as
 * nabla/runtime checks them, with the same codes, and checkpoints are the same files. It throws where the runtime gives a
 * Left, since a module without dependencies has no Either to give.
 */
import { findingsText } from './findings.ts'

export interface WrapperParts {
  /** Whether it is a checked build's. */
  readonly checked: boolean
  /** Whether an entry may run several times in one call; never of a checked build. */
  readonly queued: boolean
}

/** Errors, the digest (MurmurHash3 x86_128, as in src/artifact/digest.ts) and views. */
const foundation = `export class ProgramError extends Error {
  constructor(code, message) {
    super(message)
    this.name = 'ProgramError'
    this.code = code
  }
}

const fail = (code, message) => {
  throw new ProgramError(code, message)
}

const C = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93]
const N = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17]
const rotate = (x, by) => (x << by) | (x >>> (32 - by))
const mix = (k, i) => Math.imul(rotate(Math.imul(k, C[i]), 15 + i), C[(i + 1) & 3])
const avalanche = (x) => {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** MurmurHash3 x86_128, as 16 bytes. */
const digestOf = (bytes, seed) => {
  const h = new Int32Array(4).fill(seed)
  const word = (from, at) => from[at] | (from[at + 1] << 8) | (from[at + 2] << 16) | (from[at + 3] << 24)
  const whole = bytes.length & ~15
  for (let at = 0; at < whole; at += 16)
    for (let i = 0; i < 4; i++) {
      h[i] ^= mix(word(bytes, at + 4 * i), i)
      h[i] = Math.imul(rotate(h[i], [19, 17, 15, 13][i]) + h[(i + 1) & 3], 5) + N[i]
    }
  const tail = new Uint8Array(16)
  tail.set(bytes.subarray(whole))
  for (let i = 0; i < 4; i++) if (bytes.length - whole > 4 * i) h[i] ^= mix(word(tail, 4 * i), i)
  const across = () => {
    h[0] += h[1] + h[2] + h[3]
    for (let i = 1; i < 4; i++) h[i] += h[0]
  }
  for (let i = 0; i < 4; i++) h[i] ^= bytes.length
  across()
  for (let i = 0; i < 4; i++) h[i] = avalanche(h[i])
  across()
  return new Uint8Array(h.buffer)
}

const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i])

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Int32Array }
const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1)
const viewsOf = (memory, ports, times = 1) =>
  Object.fromEntries(ports.map(([name, dtype, shape, at]) => [name, new arrays[dtype](memory, at, times * sizeOf(shape))]))
`

/** Values of inputs: checked as a whole, then copied. */
const values = `const typeName = ([, dtype, shape]) => dtype + '[' + shape + ']'
const kindOf = (v) => (ArrayBuffer.isView(v) ? v.constructor.name : Array.isArray(v) ? 'a list' : typeof v === 'object' ? String(v && 'an object') : typeof v)
const fits = (v, dtype) =>
  dtype === 'bool'
    ? v === 0 || v === 1 || typeof v === 'boolean'
    : typeof v === 'number' && (dtype !== 'i32' || v === (v | 0))

const checkValue = (entry, port, view, v) => {
  if (v === view) return
  const wrong = (found) =>
    fail('E_RUN_INPUT_TYPE', entry + ': input ' + port[0] + ' is ' + typeName(port) + ' and takes ' + kindOf(view) + ', ' + found + ' was given')
  const typed = ArrayBuffer.isView(v)
  const list = typed || Array.isArray(v)
  if (typed && v[Symbol.toStringTag] !== view[Symbol.toStringTag]) wrong(kindOf(v))
  if (!list && !fits(v, port[1])) wrong(kindOf(v))
  const length = list ? v.length : 1
  if (length !== view.length)
    fail('E_RUN_INPUT_LENGTH', entry + ': input ' + port[0] + ' is ' + typeName(port) + ' and takes ' + view.length + ' elements, ' + length + ' were given')
  if (list && (!typed || port[1] === 'bool'))
    for (let i = 0; i < length; i++) if (!fits(v[i], port[1])) wrong(kindOf(v[i]) + ' at ' + i)
}

const writeValues = (entry, ports, views, given) => {
  if (typeof given !== 'object' || given === null)
    fail('E_RUN_INPUT_TYPE', entry + ': an object of the inputs was expected, ' + kindOf(given) + ' was given')
  for (const name in given)
    if (!Object.hasOwn(views, name)) fail('E_RUN_INPUT_SURPLUS', entry + ': there is no input ' + name)
  for (const port of ports) {
    const name = port[0]
    if (!Object.hasOwn(given, name) || given[name] === undefined)
      fail('E_RUN_INPUT_MISSING', entry + ': input ' + name + ' is missing')
    checkValue(entry, port, views[name], given[name])
  }
  for (const [name] of ports) {
    const v = given[name]
    if (v === views[name]) continue
    if (typeof v === 'object') views[name].set(v)
    else views[name][0] = Number(v)
  }
}
`

/** Checkpoints, in the format of src/artifact/weights.ts. */
const checkpoints = `const carried = [...params.map((p) => ['param', ...p]), ...states.map((p) => ['state', ...p])]
const up = (n) => Math.ceil(n / 16) * 16
const bytesOf = (dtype, shape) => sizeOf(shape) * arrays[dtype].BYTES_PER_ELEMENT

const save = (memory) => {
  let end = 0
  const tensors = carried.map(([kind, name, dtype, shape]) => {
    const offset = end
    end += up(bytesOf(dtype, shape))
    return { kind, name, dtype, shape, offset }
  })
  const json = new TextEncoder().encode(JSON.stringify({ tensors }))
  const head = up(json.length)
  const file = new Uint8Array(32 + head + end)
  const view = new DataView(file.buffer)
  file.set([0x6e, 0x62, 0x6c, 0x77, 1])
  view.setUint32(8, file.length, true)
  view.setUint32(12, head, true)
  file.fill(0x20, 32, 32 + head)
  file.set(json, 32)
  carried.forEach(([, , dtype, shape, at], i) =>
    file.set(new Uint8Array(memory, at, bytesOf(dtype, shape)), 32 + head + tensors[i].offset),
  )
  file.set(digestOf(file.subarray(32), head), 16)
  return file
}

const headerOf = (bytes) => {
  if ([0x6e, 0x62, 0x6c, 0x77].some((b, i) => i < bytes.length && bytes[i] !== b))
    fail('E_WEIGHTS_FORMAT', 'the bytes do not begin as a checkpoint does (6e 62 6c 77)')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const cut = () => fail('E_WEIGHTS_TRUNCATED', 'the checkpoint is truncated: it has ' + bytes.length + ' bytes')
  if (bytes.length < 32) cut()
  if (view.getUint32(4, true) > 1) fail('E_WEIGHTS_SCHEMA_NEWER', 'the checkpoint was saved by a newer version')
  if (bytes.length < view.getUint32(8, true)) cut()
  const head = view.getUint32(12, true)
  if (
    view.getUint32(4, true) !== 1 ||
    bytes.length !== view.getUint32(8, true) ||
    !same(bytes.subarray(16, 32), digestOf(bytes.subarray(32), head))
  )
    fail('E_WEIGHTS_DIGEST', 'the checkpoint was altered: its digest is not that of its bytes')
  try {
    return { head, found: new Map(JSON.parse(new TextDecoder().decode(bytes.subarray(32, 32 + head))).tensors.map((t) => [t.kind + ' ' + t.name, t])) }
  } catch (e) {
    fail('E_WEIGHTS_FORMAT', 'the header of the checkpoint is malformed: ' + e.message)
  }
}

const restore = (memory, bytes) => {
  const { head, found } = headerOf(bytes)
  const sources = carried.map(([kind, name, dtype, shape]) => {
    const t = found.get(kind + ' ' + name)
    if (!t) fail('E_WEIGHTS_MISSING', 'the checkpoint has no ' + kind + ' ' + name)
    if (t.dtype !== dtype || String(t.shape) !== String(shape))
      fail('E_WEIGHTS_TYPE', kind + ' ' + name + ' is ' + typeName(['', dtype, shape]) + ' in the program and ' + t.dtype + '[' + t.shape + '] in the checkpoint')
    const size = bytesOf(dtype, shape)
    const from = 32 + head + t.offset
    if (!Number.isInteger(t.offset) || t.offset < 0 || from + size > bytes.length)
      fail('E_WEIGHTS_FORMAT', kind + ' ' + name + ' lies outside the checkpoint')
    return bytes.subarray(from, from + size)
  })
  for (const [key, t] of found)
    if (t.kind === 'param' && !params.some(([name]) => name === t.name)) fail('E_WEIGHTS_SURPLUS', 'the program has no ' + key)
  carried.forEach(([, , , , at], i) => new Uint8Array(memory, at, sources[i].length).set(sources[i]))
}
`

const plainRun = `    const run = () => {
      compiled()
      return outputs
    }`

const queuedRun = `    const [length, at] = queue ?? [1]
    const count = queue && new Int32Array(memory, at, 1)
    const run = (runs = 1) => {
      if (!(Number.isInteger(runs) && runs >= 1 && runs <= length))
        fail('E_RUN_QUEUE', name + ': one call makes 1 to ' + length + ' runs, not ' + runs)
      if (count) count[0] = runs
      compiled()
      return outputs
    }`

/** Views of what all runs in one call read and write. */
const queueView = `, queue: { length, inputs: viewsOf(memory, inputPorts, length), outputs: viewsOf(memory, outputPorts, length) }`

const checkedRun = `    const watch = checks[name] && watchOf(memory, name)
    const run = () => {
      watch?.before()
      compiled()
      watch?.after()
      return outputs
    }`

/** The program itself; \`functions\` are the compiled entries. */
const program = ({ checked, queued }: WrapperParts): string => `const programOf = (memory, functions) => {
  const entry = ([name, inputPorts, outputPorts${queued ? ', queue' : ''}]) => {
    const compiled = functions[name]
    const inputs = viewsOf(memory, inputPorts)
    const outputs = viewsOf(memory, outputPorts)
${checked ? checkedRun : queued ? queuedRun : plainRun}
    const call = (given) => {
      writeValues(name, inputPorts, inputs, given)
      return run()
    }
    return [name, { inputs, outputs, run, call${queued ? queueView : ''} }]
  }
  const bound = Object.fromEntries(entries.map(entry))
  return {
    memory,
    params: viewsOf(memory, params),
    state: viewsOf(memory, states),
    entries: bound,
    call: (name, given) =>
      Object.hasOwn(bound, name) ? bound[name].call(given) : fail('E_RUN_ENTRY', 'the program has no entry ' + name),
    initialize: (seed) => {
      if (!Number.isSafeInteger(seed) || seed < 0) fail('E_RUN_SEED', 'a seed is a whole number from 0 to 2^53 - 1, ' + seed + ' was given')
      if (!bound.init) return
      bound.init.inputs.key?.set([seed | 0, Math.floor(seed / 2 ** 32) | 0])
      bound.init.run()
    },
    save: () => save(memory),
    restore: (bytes) => restore(memory, bytes),
  }
}
`

const loadedAlone = `  const { exports } = await WebAssembly.instantiate(module).catch(refuse)
  const program = programOf(exports.memory.buffer, exports)`

const loadedTogether = `  const together = await prepareThreads(module, wanted).catch(refuse)
  const { exports } = await WebAssembly.instantiate(module, together.imports).catch(refuse)
  const program = { ...programOf(exports.memory.buffer, together.begin(exports)), threads: together.threads }`

/** How a Wasm artifact is fetched, checked and compiled; reads length, digest, digestFrom and digestSeed too. */
export const wasmLoader = (threaded: boolean): string => `const nodeFiles = 'node:fs/promises'

const read = async (url) => {
  try {
    if (url.protocol === 'file:' && globalThis.process?.versions?.node) {
      const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ nodeFiles)
      return new Uint8Array(await readFile(url))
    }
    return await body(await fetch(url))
  } catch (e) {
    fail('E_LOAD_READ', url.href + ' could not be read: ' + e.message)
  }
}

const body = async (response) => {
  if (!response.ok) throw new Error('it was answered with status ' + response.status)
  return new Uint8Array(await response.arrayBuffer())
}

const bytesFrom = async (source) => {
  if (source instanceof URL) return read(source)
  if (typeof Response !== 'undefined' && source instanceof Response)
    return body(source).catch((e) => fail('E_LOAD_READ', 'the response could not be read: ' + e.message))
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  return fail('E_LOAD_SOURCE', 'bytes, a Response, a URL or a WebAssembly.Module can be loaded')
}

const altered = () => fail('E_ARTIFACT_DIGEST', file + ' is not the file that this module was made for')

const compile = async (bytes) => {
  if (bytes.length < length) fail('E_ARTIFACT_TRUNCATED', file + ' is truncated: ' + bytes.length + ' of ' + length + ' bytes')
  if (bytes.length !== length || !same(digestOf(bytes.subarray(digestFrom), digestSeed), digest)) altered()
  try {
    return await WebAssembly.compile(bytes)
  } catch (e) {
    const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])
    const code = await WebAssembly.compile(empty).then(() => feature, () => 'E_FEATURE_WASM')
    fail(code, 'this engine does not compile ' + file + ': ' + e.message)
  }
}

const refuse = (e) => fail('E_MEMORY_LIMIT', 'the engine cannot instantiate ' + file + ': ' + e.message)

/** Loads the artifact from beside this module or from \`source\`, and initializes its parameters. */
export const load = async (source = defaultSource(), { seed = 0${threaded ? ', threads: wanted' : ''} } = {}) => {
  if (typeof WebAssembly === 'undefined') fail('E_FEATURE_WASM', 'this engine does not run WebAssembly')
  const ready = source instanceof WebAssembly.Module
  const module = ready ? source : await compile(await bytesFrom(source))
  if (ready) {
    const [content] = WebAssembly.Module.customSections(module, 'nabla')
    if (!content || !same(new Uint8Array(content).subarray(8, 24), digest)) altered()
  }
${threaded ? loadedTogether : loadedAlone}
  program.initialize(seed)
  return program
}
`

/** How a JavaScript artifact is instantiated. */
export const javascriptLoader = `/** Instantiates the artifact and initializes its parameters. */
export const load = async (source, { seed = 0 } = {}) => {
  if (source !== undefined) fail('E_LOAD_SOURCE', 'a JavaScript artifact is loaded from beside this module alone')
  const { memory, entries: functions } = instantiate()
  const program = programOf(memory, functions)
  program.initialize(seed)
  return program
}
`

/** Everything but the loader, in order; of a checked build with what reads its findings. */
export const programText = (parts: WrapperParts): string =>
  [foundation, values, checkpoints, ...(parts.checked ? [findingsText] : []), program(parts)].join('\n')
