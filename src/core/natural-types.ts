/**
 * Arithmetic on natural numbers as types, digit by digit. In: number literals ≥ 0. Out: number literals.
 * Invariant: exact whatever the size; the work grows with the number of digits, not with the numbers. Digits lie least
 * significant first in a tuple; a digit is added or multiplied as the length of a tuple.
 */
type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
type Digits = readonly Digit[]

/** A digit as a tuple of that length. */
interface Unary {
  '0': []
  '1': [0]
  '2': [0, 0]
  '3': [0, 0, 0]
  '4': [0, 0, 0, 0]
  '5': [0, 0, 0, 0, 0]
  '6': [0, 0, 0, 0, 0, 0]
  '7': [0, 0, 0, 0, 0, 0, 0]
  '8': [0, 0, 0, 0, 0, 0, 0, 0]
  '9': [0, 0, 0, 0, 0, 0, 0, 0, 0]
}
type Ten = [...Unary['9'], 0]

/** A tuple repeated as often as the digit says. */
interface Times<A extends readonly 0[]> {
  '0': []
  '1': A
  '2': [...A, ...A]
  '3': [...A, ...A, ...A]
  '4': [...A, ...A, ...A, ...A]
  '5': [...A, ...A, ...A, ...A, ...A]
  '6': [...A, ...A, ...A, ...A, ...A, ...A]
  '7': [...A, ...A, ...A, ...A, ...A, ...A, ...A]
  '8': [...A, ...A, ...A, ...A, ...A, ...A, ...A, ...A]
  '9': [...A, ...A, ...A, ...A, ...A, ...A, ...A, ...A, ...A]
}

type DigitsOf<Text extends string, Out extends Digits = []> = Text extends `${infer D extends Digit}${infer Rest}`
  ? DigitsOf<Rest, [D, ...Out]>
  : Out

type Trim<A extends Digits> = A extends readonly [...infer Rest extends Digits, '0']
  ? Rest extends readonly []
    ? A
    : Trim<Rest>
  : A

type Join<A extends Digits, Text extends string = ''> = A extends readonly [
  infer D extends Digit,
  ...infer Rest extends Digits,
]
  ? Join<Rest, `${D}${Text}`>
  : Text

type NumberOf<A extends Digits> = Join<Trim<A>> extends `${infer N extends number}` ? N : never

type Head<A extends Digits> = A extends readonly [infer D extends Digit, ...Digits] ? D : '0'
type Tail<A extends Digits> = A extends readonly [Digit, ...infer Rest extends Digits] ? Rest : []

/** A · digit + B + carry. */
type MulAdd<A extends Digits, D extends Digit, B extends Digits, Carry extends Digit, Out extends Digits = []> = [
  A,
  B,
] extends [readonly [], readonly []]
  ? Carry extends '0'
    ? Out
    : [...Out, Carry]
  : `${[...Times<Unary[Head<A>]>[D], ...Unary[Head<B>], ...Unary[Carry]]['length'] & number}` extends infer Total
    ? Total extends Digit
      ? MulAdd<Tail<A>, D, Tail<B>, '0', [...Out, Total]>
      : Total extends `${infer C extends Digit}${infer Low extends Digit}`
        ? MulAdd<Tail<A>, D, Tail<B>, C, [...Out, Low]>
        : never
    : never

/** By every digit of the text in turn, the most significant first. */
type MulText<
  A extends Digits,
  Text extends string,
  Out extends Digits = [],
> = Text extends `${infer D extends Digit}${infer Rest}` ? MulText<A, Rest, MulAdd<A, D, ['0', ...Out], '0'>> : Out

/** A − B, never where it is negative. */
type SubDigits<
  A extends Digits,
  B extends Digits,
  Borrow extends '0' | '1' = '0',
  Out extends Digits = [],
> = A extends readonly [infer X extends Digit, ...infer Rest extends Digits]
  ? Unary[X] extends readonly [...Unary[Head<B>], ...Unary[Borrow], ...infer Left extends readonly 0[]]
    ? SubDigits<Rest, Tail<B>, '0', [...Out, `${Left['length'] & number}` & Digit]>
    : [...Ten, ...Unary[X]] extends readonly [...Unary[Head<B>], ...Unary[Borrow], ...infer Left extends readonly 0[]]
      ? SubDigits<Rest, Tail<B>, '1', [...Out, `${Left['length'] & number}` & Digit]>
      : never
  : Trim<B> extends readonly [] | readonly ['0']
    ? Borrow extends '0'
      ? Trim<Out>
      : never
    : never

interface Next {
  '0': '1'
  '1': '2'
  '2': '3'
  '3': '4'
  '4': '5'
  '5': '6'
  '6': '7'
  '7': '8'
  '8': '9'
  '9': never
}

/** One digit of a quotient, with what remains. */
type DivStep<Rest extends Digits, By extends Digits, Q extends Digit = '0'> = [SubDigits<Rest, By>] extends [never]
  ? [Q, Rest]
  : DivStep<SubDigits<Rest, By>, By, Next[Q]>

type DivText<
  Text extends string,
  By extends Digits,
  Rest extends Digits = [],
  Out extends Digits = [],
> = Text extends `${infer D extends Digit}${infer More}`
  ? DivStep<Trim<[D, ...Rest]>, By> extends [infer Q extends Digit, infer Left extends Digits]
    ? DivText<More, By, Left extends readonly ['0'] ? [] : Left, [Q, ...Out]>
    : never
  : [quotient: Out, remainder: Rest]

export type Add<A extends number, B extends number> = number extends A | B
  ? number
  : NumberOf<MulAdd<DigitsOf<`${A}`>, '1', DigitsOf<`${B}`>, '0'>>

export type Mul<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : A extends 1
      ? B
      : B extends 1
        ? A
        : NumberOf<MulText<DigitsOf<`${A}`>, `${B}`>>

/** A − B; never where B is greater. */
export type Sub<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : SubDigits<DigitsOf<`${A}`>, DigitsOf<`${B}`>> extends infer D
      ? [D] extends [never]
        ? never
        : D extends Digits
          ? NumberOf<D>
          : never
      : never

/** The quotient where B divides A, else never; never for B = 0. */
export type DivExact<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : B extends 0
      ? never
      : DivText<`${A}`, DigitsOf<`${B}`>> extends [infer Q extends Digits, infer R extends Digits]
        ? R extends readonly []
          ? NumberOf<Q>
          : never
        : never

/** A / B rounded up; B is not 0. */
export type DivCeil<A extends number, B extends number> = number extends A
  ? number
  : B extends 1
    ? A
    : number extends B
      ? number
      : DivText<`${A}`, DigitsOf<`${B}`>> extends [infer Q extends Digits, infer R extends Digits]
        ? R extends readonly []
          ? NumberOf<Q>
          : Add<NumberOf<Q>, 1>
        : never
