// Choices whose branch that is not taken has no value or no derivative: their naive texts.
import {
  abs,
  add,
  clip,
  div,
  exp,
  greater,
  less,
  log,
  mul,
  neg,
  norm,
  notEqual,
  sin,
  sqrt,
  square,
  sub,
  where,
} from 'nabla'
import { row, scalar } from './entry.ts'
import * as r from './real.ts'

/** A constant of x. */
const constantly = (value: number, x: r.Real): r.Real => r.add(r.of(value), r.mul(r.of(0), x))
const above = (x: r.Real, held: (x: r.Real) => r.Real): r.Real => (r.valueOf(x) > 0 ? held(x) : constantly(0, x))

export const choices = [
  scalar('where(x > 0, log(x), 0)', {
    naive: (x) => where(greater(x, 0), log(x), 0),
    truth: (x) => above(x, r.log),
    at: [0, -1, 2],
  }),
  scalar('where(x > 0, √x, 0)', {
    naive: (x) => where(greater(x, 0), sqrt(x), 0),
    truth: (x) => above(x, r.sqrt),
    at: [0, -1, 4],
  }),
  scalar('where(x > 0, 1 / x, 0)', {
    naive: (x) => where(greater(x, 0), div(1, x), 0),
    truth: (x) => above(x, (v) => r.div(r.one, v)),
    at: [0, -1, 2],
  }),
  scalar('where(x > 0, x · log(x), 0)', {
    naive: (x) => where(greater(x, 0), mul(x, log(x)), 0),
    truth: (x) => above(x, (v) => r.mul(v, r.log(v))),
    at: [0, -1, 2],
  }),
  scalar('where(x > 0, −log(x), 0)', {
    naive: (x) => where(greater(x, 0), neg(log(x)), 0),
    truth: (x) => above(x, (v) => r.neg(r.log(v))),
    at: [0, -1, 2],
  }),
  scalar('where(x > 0, exp(−1 / x), 0)', {
    naive: (x) => where(greater(x, 0), exp(div(-1, x)), 0),
    truth: (x) => above(x, (v) => r.exp(r.neg(r.div(r.one, v)))),
    at: [0, -0.001, -1, 0.25, 2],
  }),
  scalar('where(x ≠ 0, sin(x) / x, 1)', {
    naive: (x) => where(notEqual(x, 0), div(sin(x), x), 1),
    truth: (x) => x,
    at: [{ x: 0, truth: [1, 0, 0] }],
  }),
  scalar('where(x < 50, exp(x), x)', {
    naive: (x) => where(less(x, 50), exp(x), x),
    truth: (x) => (r.valueOf(x) < 50 ? r.exp(x) : x),
    at: [1, 49, 100, 1e30],
  }),
  scalar('where(|x| < 1, √(1 − x²), 0)', {
    naive: (x) => where(less(abs(x), 1), sqrt(sub(1, square(x))), 0),
    truth: (x) => (Math.abs(r.valueOf(x)) < 1 ? r.sqrt(r.sub(r.one, r.square(x))) : constantly(0, x)),
    at: [0, 0.5, 1, -1, 2],
  }),
  scalar('where(x > 0, log(x), log(−x))', {
    naive: (x) => where(greater(x, 0), log(x), log(neg(x))),
    truth: (x) => r.log(r.valueOf(x) > 0 ? x : r.neg(x)),
    at: [1e-10, -1e-10, 2, -2],
  }),
  scalar('clip(where(x > 0, log(x), 0), −5, 5)', {
    naive: (x) => clip(where(greater(x, 0), log(x), 0), -5, 5),
    truth: (x) => above(x, r.log),
    at: [0, -1, 2],
  }),
  scalar('where(x > 0, where(x < 9, log(x) + exp(9 · x), 3), 0)', {
    naive: (x) => where(greater(x, 0), where(less(x, 9), add(log(x), exp(mul(9, x))), 3), 0),
    truth: (x) => (r.valueOf(x) >= 9 ? constantly(3, x) : above(x, (v) => r.add(r.log(v), r.exp(r.mul(r.of(9), v))))),
    at: [0, -1, 1, 20],
  }),
  row('where(‖x‖ > 0, x / ‖x‖, 0)', {
    name: 'x',
    naive: (x) => where(greater(norm(x), 0), div(x, norm(x)), 0),
    truth: (x) => x,
    at: [{ x: [0, 0, 0], truth: { value: [0, 0, 0], first: [0, 0, 0], second: [0, 0, 0] } }],
  }),
]
