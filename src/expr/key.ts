/**
 * The text that decides whether two params are equal. In: params (plain data). Out: a key.
 * Invariant: equal params give equal keys whatever the order of their fields; −0, NaN and infinities are told apart;
 * typed arrays count by content (64 bits of hash and the length beyond 64 elements).
 */
const numberKey = (v: number): string => (Object.is(v, -0) ? '-0' : String(v))

/** Two independent 32-bit FNV-1a hashes over the bytes. */
const contentKey = (data: Float32Array | Float64Array | Int32Array): string => {
  if (data.length <= 64) return Array.from(data, numberKey).join(',')
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let i = 0; i < bytes.length; i++) {
    const x = bytes[i] as number
    a = Math.imul(a ^ x, 0x01000193)
    b = Math.imul(b ^ (x + 0x9e), 0x85ebca6b) ^ (b >>> 13)
  }
  return `#${data.length}:${(a >>> 0).toString(36)}:${(b >>> 0).toString(36)}`
}

/** Whether it is an expression, as a loop's function holds them; a bound leaf's params have an id too, but no op. */
const isNode = (x: object): x is { readonly id: number } => 'op' in x && 'id' in x && typeof x.id === 'number'

export const paramsKey = (x: unknown): string => {
  if (typeof x === 'number') return numberKey(x)
  if (typeof x !== 'object' || x === null) return typeof x === 'string' ? JSON.stringify(x) : String(x)
  if (Array.isArray(x)) return `[${x.map(paramsKey).join(',')}]`
  if (x instanceof Float32Array || x instanceof Float64Array || x instanceof Int32Array)
    return `${x.constructor.name}(${contentKey(x)})`
  if (isNode(x)) return `@${x.id}`
  const record = x as Readonly<Record<string, unknown>>
  return `{${Object.keys(record)
    .sort()
    .map((k) => `${k}:${paramsKey(record[k])}`)
    .join(',')}}`
}
