/**
 * The codecs' vocabulary: io-ts types that refuse unknown keys and stop at the first fault.
 * In: untrusted data. Out: the value, or a sentence with the path, what was expected and what was found.
 * Invariant: the work is bounded by the limits given here, whatever the data; nothing is coerced and nothing is dropped.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

type Fields = Readonly<Record<string, t.Mixed>>

type Closed<R extends Fields, O extends Fields> = { readonly [K in keyof R]: t.TypeOf<R[K]> } & {
  readonly [K in keyof O]?: t.TypeOf<O[K]>
}

/** A type whose values are left as they are: decoding only looks. */
const checked = <A>(name: string, validate: t.Validate<unknown, A>): t.Type<A, A, unknown> =>
  new t.Type<A, A, unknown>(name, (u): u is A => !isLeft(validate(u, [])), validate, t.identity)

/** A value of which `holds` is the whole truth; `name` says in words what is expected. */
const refined = <A>(name: string, holds: (u: unknown) => u is A): t.Type<A, A, unknown> =>
  checked(name, (u, context) => (holds(u) ? t.success(u) : t.failure(u, context)))

/** A whole number from `least` to `most`. */
export const whole = (least: number, most: number): t.Type<number, number, unknown> =>
  refined(
    least === most ? `${least}` : `a whole number from ${least} to ${most}`,
    (u): u is number => Number.isInteger(u) && (u as number) >= least && (u as number) <= most,
  )

/** A finite number, not negative. */
export const amount: t.Type<number, number, unknown> = refined(
  'a number, not negative',
  (u): u is number => Number.isFinite(u) && (u as number) >= 0,
)

/** A string of 1 to `most` characters without control characters (and not the one name that JavaScript keeps for itself). */
export const text = (most: number): t.Type<string, string, unknown> =>
  refined(
    `a string of 1 to ${most} printing characters`,
    (u): u is string =>
      typeof u === 'string' && u.length > 0 && u.length <= most && !/\p{Cc}/u.test(u) && u !== '__proto__',
  )

export const flag: t.Type<boolean, boolean, unknown> = refined(
  'true or false',
  (u): u is boolean => typeof u === 'boolean',
)

export const oneOf = <A extends string>(...all: readonly A[]): t.Type<A, A, unknown> =>
  refined(`one of ${all.join(', ')}`, (u): u is A => all.some((a) => a === u))

const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === 'object' && u !== null && !Array.isArray(u)

/** An object of exactly these keys: `required` all, `optional` perhaps, no other. */
export const closed = <R extends Fields, O extends Fields = Readonly<Record<never, never>>>(
  required: R,
  optional?: O,
): t.Type<Closed<R, O>, Closed<R, O>, unknown> => {
  const fields: Fields = { ...required, ...optional }
  const keys = Object.keys(fields)
  const name = `an object of ${keys.join(', ')}`
  return checked(name, (u, context) => {
    if (!isRecord(u)) return t.failure(u, context)
    for (const key in u)
      if (!Object.hasOwn(fields, key))
        return t.failure(u[key], t.appendContext(context, key, t.never), `no key but ${keys.join(', ')}`)
    for (const key of keys) {
      const field = fields[key] as t.Mixed
      if (!Object.hasOwn(u, key) && !Object.hasOwn(required, key)) continue
      const result = field.validate(u[key], t.appendContext(context, key, field, u[key]))
      if (isLeft(result)) return result
    }
    return t.success(u as Closed<R, O>)
  })
}

/** A list of at most `most` items; its length is looked at before any of them. */
export const list = <A>(item: t.Type<A, A, unknown>, most: number): t.Type<readonly A[], readonly A[], unknown> =>
  checked(`a list of at most ${most}`, (u, context) => {
    if (!Array.isArray(u) || u.length > most) return t.failure(u, context)
    for (let i = 0; i < u.length; i++) {
      const result = item.validate(u[i], t.appendContext(context, `${i}`, item, u[i]))
      if (isLeft(result)) return result
    }
    return t.success(u as readonly A[])
  })

const showPath = (context: t.Context): string =>
  context.map(({ key }) => (key === '' ? '' : /^\d+$/.test(key) ? `[${key}]` : `.${key.slice(0, 80)}`)).join('')

const showFound = (u: unknown): string => {
  if (typeof u === 'string') return JSON.stringify(u.length > 60 ? `${u.slice(0, 60)}…` : u)
  if (u === undefined) return 'nothing'
  if (Array.isArray(u)) return `a list of ${u.length}`
  return u === null || typeof u === 'number' || typeof u === 'boolean' ? String(u) : `an ${typeof u}`
}

/** Decodes `u`, or says `manifest.entries[0].name: expected …, found …`, where `subject` is `manifest`. */
export const decodeAs = <A>(codec: t.Type<A, A, unknown>, subject: string, u: unknown): Either<string, A> => {
  const result = codec.decode(u)
  if (!isLeft(result)) return right(result.right)
  const [error] = result.left
  const expected = error?.message ?? error?.context.at(-1)?.type.name ?? codec.name
  return left(`${subject}${showPath(error?.context ?? [])}: expected ${expected}, found ${showFound(error?.value)}`)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** UTF-8 JSON, or a sentence that says why it is none. */
export const parseJson = (bytes: Uint8Array, subject: string): Either<string, unknown> => {
  try {
    return right(JSON.parse(utf8.decode(bytes)) as unknown)
  } catch (e) {
    return left(`${subject}: expected JSON, found ${bytes.length} bytes that are not (${(e as Error).message})`)
  }
}
