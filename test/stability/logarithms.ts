// Logarithms of sums and differences, exponentials less one, error functions: their naive texts.
import {
  abs,
  add,
  div,
  erf,
  erfc,
  exp,
  expm1,
  gelu,
  log,
  log1p,
  logAddExp,
  logSubExp,
  mul,
  neg,
  sqrt,
  square,
  sub,
} from 'nabla'
import { pair, scalar } from './entry.ts'
import * as r from './real.ts'

const nearZero = [0, 1e-4, -1e-4, 1e-10, -1e-10, 1e-20]
/** The greatest f32 below 1. */
const almostOne = 1 - 2 ** -24
const both = [
  [0, 0],
  [1, -1],
  [200, 0],
  [0, 200],
  [-200, -200],
  [200, 200],
  [100, 99],
] as const

const signless = 'the text is NaN below 0, and nothing says that x is not'
const atZero = { orders: ['first', 'second'], why: signless } as const

export const logarithms = [
  scalar('log(1 + x)', {
    naive: (x) => log(add(1, x)),
    op: log1p,
    truth: (x) => r.log(r.add(r.one, x)),
    at: [...nearZero, -almostOne, 1e30],
  }),
  scalar('log(x + 1)', {
    naive: (x) => log(add(x, 1)),
    op: log1p,
    truth: (x) => r.log(r.add(r.one, x)),
    at: [...nearZero, -almostOne, 1e30],
  }),
  scalar('log(1 − x)', {
    naive: (x) => log(sub(1, x)),
    op: (x) => log1p(neg(x)),
    truth: (x) => r.log(r.sub(r.one, x)),
    at: [...nearZero, almostOne, -1e30],
  }),
  scalar('exp(x) − 1', {
    naive: (x) => sub(exp(x), 1),
    op: expm1,
    truth: (x) => r.sub(r.exp(x), r.one),
    at: [...nearZero, -100, 88],
  }),
  scalar('1 − exp(x)', {
    naive: (x) => sub(1, exp(x)),
    op: (x) => neg(expm1(x)),
    truth: (x) => r.sub(r.one, r.exp(x)),
    at: [...nearZero, -100, 88],
  }),
  scalar('log(exp(x))', {
    naive: (x) => log(exp(x)),
    op: (x) => x,
    truth: (x) => x,
    at: [0, 1e-10, 89, -110, 1e30],
  }),
  scalar('exp(log(x²))', {
    naive: (x) => exp(log(square(x))),
    op: square,
    truth: r.square,
    at: [0, 1e-15, -3, 1e15],
  }),
  scalar('exp(log(x))', {
    naive: (x) => exp(log(x)),
    truth: (x) => x,
    at: [1, 4, { x: 1e-20, gap: { orders: ['second'], why: signless } }, { x: 0, truth: [0, 1, 0], gap: atZero }],
    within: { value: { ulps: 64 }, first: { ulps: 64 } },
  }),
  scalar('log(1 + exp(log(x)))', {
    naive: (x) => log(add(1, exp(log(x)))),
    op: log1p,
    truth: (x) => r.log(r.add(r.one, x)),
    at: [{ x: 0, truth: [0, 1, -1] }, 1e-40, 1e-20, 1, 1e30],
  }),
  scalar('log(1 + exp(log(x²)))', {
    naive: (x) => log(add(1, exp(log(square(x))))),
    op: (x) => log1p(square(x)),
    truth: (x) => r.log(r.add(r.one, r.square(x))),
    at: [0, 1e-20, 1e-4, 1, 1e9],
  }),
  scalar('log(√x)', {
    naive: (x) => log(sqrt(x)),
    op: (x) => mul(0.5, log(x)),
    truth: (x) => r.log(r.sqrt(x)),
    at: [1e-40, 1e-15, 1, 1.0000001, 1e30],
  }),
  scalar('log(1 − exp(x))', {
    naive: (x) => log(sub(1, exp(x))),
    op: (x) => logSubExp(0, x),
    truth: (x) => r.log(r.sub(r.one, r.exp(x))),
    at: [-1e-10, -1e-18, -0.5, -1, -20, -40, -80, -100],
  }),
  scalar('log(exp(x) − 1)', {
    naive: (x) => log(sub(exp(x), 1)),
    op: (x) => logSubExp(x, 0),
    truth: (x) => r.log(r.sub(r.exp(x), r.one)),
    at: [1e-10, 1e-18, 0.5, 1, 20, 89, 100, 200],
  }),
  pair('log(exp(a) + exp(b))', {
    naive: (a, b) => log(add(exp(a), exp(b))),
    op: logAddExp,
    truth: (a, b) => r.log(r.add(r.exp(a), r.exp(b))),
    at: both,
    within: { second: { of: 1 } },
  }),
  pair('log(exp(a) − exp(b))', {
    naive: (a, b) => log(sub(exp(a), exp(b))),
    op: logSubExp,
    truth: (a, b) => r.log(r.sub(r.exp(a), r.exp(b))),
    at: [
      [1, 0],
      [1, almostOne],
      [100, 99],
      [200, 0],
      [-200, -201],
      [0, -20],
      [0, -50],
    ],
    within: { second: { ulps: 8 } },
  }),
  scalar('1 − erf(x)', {
    naive: (x) => sub(1, erf(x)),
    op: erfc,
    truth: (x) => r.sub(r.one, r.erf(x)),
    at: [0, 1e-10, 1, 4, 6, 9, -9],
    within: { second: { ulps: 16 } },
  }),
  scalar('1 + erf(x)', {
    naive: (x) => add(1, erf(x)),
    op: (x) => erfc(neg(x)),
    truth: (x) => r.add(r.one, r.erf(x)),
    at: [0, 1e-10, -1, -4, -6, -9, 9],
    within: { second: { ulps: 16 } },
  }),
  scalar('1 − erfc(x)', {
    naive: (x) => sub(1, erfc(x)),
    op: erf,
    truth: r.erf,
    at: [0, 1e-10, 1e-20, 1, 4, 9, -9],
    within: { second: { ulps: 16 } },
  }),
  scalar('x · (1 + erf(x / √2)) / 2', {
    naive: (x) => div(mul(x, add(1, erf(div(x, Math.SQRT2)))), 2),
    op: gelu,
    truth: (x) => r.mul(r.mul(x, r.of(0.5)), r.add(r.one, r.erf(r.div(x, r.sqrt(r.of(2)))))),
    at: [0, 1e-20, 1, -1, -5, -10, -13, 13],
    within: { value: { ulps: 256 }, first: { ulps: 256 }, second: { ulps: 256 } },
  }),
  scalar('√(x²)', {
    naive: (x) => sqrt(square(x)),
    op: abs,
    truth: (x) => (r.valueOf(x) < 0 ? r.neg(x) : x),
    at: [{ x: 0, truth: [0, 0, 0] }, 1e-30, -1e-30, -3, 1e30, -1e30],
  }),
]
