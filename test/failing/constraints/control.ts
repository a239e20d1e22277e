/**
 * Leaves, loops and choices. In: nothing. Out: rows of the table. Invariant: as in axes.ts; what a loop's function takes and gives
 * follows from what users write, so that most of it can be wrong in the graph alone.
 */
import * as nabla from 'nabla'
import { graph } from '../../../src/expr/node.ts'
import { breaks, type BrokenConstraints, ids, m, n, scalar, w, x } from './constraint.ts'

const row = nabla.input('row', [3])
const truth = nabla.input('truth', [], 'bool')
const loop = { fn: { params: [x], results: [x] }, length: 2, reverse: false, carries: 1, sequences: 0 }
const choice = { fn: { params: [x], results: [row, row] }, branches: 2 }

export const control = {
  input: { C1: [breaks('E_NAME', 'input: the name is empty', () => nabla.input('', [3]))] },
  param: { C1: [breaks('E_NAME', 'param: the name is empty', () => nabla.param('', [3], 0))] },
  state: { C1: [breaks('E_NAME', 'state: the name is empty', () => nabla.state('', [3], 0))] },
  full: {},
  bound: {},
  constant: {
    C1: [
      breaks('E_SHAPE_CONSTANT', 'constant: 5 elements given for shape [2,3], which has 6', () =>
        nabla.constant(new Float32Array(5), [2, 3]),
      ),
    ],
  },
  iota: {
    C1: [
      breaks('E_AXIS', 'iota: axis 2 does not exist in shape [2,3]', () => graph.iota([], { shape: [2, 3], axis: 2 })),
    ],
  },
  result: {},
  custom: {},
  checkpoint: {},
  scan: {
    C1: [
      breaks('E_SCAN_ARITY', 'scan: the function takes 1 values, 2 are given, operands x [4,3] and w [5,2]', () =>
        graph.scan([x, w], loop),
      ),
      breaks('E_SCAN_ARITY', 'scan: the function gives 0 values for 1 carries, operand x [4,3]', () =>
        graph.scan([x], { ...loop, fn: { params: [x], results: [] } }),
      ),
    ],
    C2: [
      breaks('E_SCAN_LENGTH', 'scan: sequence 0 is f32[4,3], but the length is 2, operands row [3] and x [4,3]', () =>
        graph.scan([row, x], { ...loop, fn: { params: [row, row], results: [row] }, sequences: 1 }),
      ),
    ],
    C3: [
      breaks('E_SCAN_TYPE', 'scan: value 0 is f32[5,2], the function takes f32[4,3], operand w [5,2]', () =>
        graph.scan([w], loop),
      ),
      breaks('E_SCAN_TYPE', 'scan: value 1 is f32[4,3], the function takes f32[4], operands row [3] and x [4,3]', () =>
        graph.scan([row, x], { ...loop, fn: { params: [row, scalar], results: [row] }, length: 4, sequences: 1 }),
      ),
    ],
    C4: [
      breaks('E_SCAN_CARRY', 'scan: carry 0 goes in as f32[4,3] and comes out as f32[4], operand x [4,3]', () =>
        nabla.scan((c: nabla.Node) => ({ carry: nabla.sum(c, 1), output: c }), x, [], {
          length: 3,
        }),
      ),
    ],
  },
  cond: {
    C1: [
      breaks(
        'E_COND_PREDICATE',
        'cond: the predicate is bool[4,3], not a scalar of bool, operands m [4,3] and x [4,3]',
        () => graph.cond([m, x], choice),
      ),
      breaks('E_COND_PREDICATE', 'cond: the predicate is f32[], not a scalar of bool, operands s [] and x [4,3]', () =>
        graph.cond([scalar, x], choice),
      ),
    ],
    C2: [
      breaks(
        'E_COND_BRANCHES',
        'cond: result 0 is f32[4,3] in one branch and i32[4,3] in another, operands truth [] and x [4,3]',
        () => graph.cond([truth, x], { ...choice, fn: { params: [x], results: [x, n] } }),
      ),
    ],
    C3: [
      breaks(
        'E_COND_OPERAND',
        'cond: operand 0 is f32[5,2], the branches take f32[4,3], operands truth [] and w [5,2]',
        () => graph.cond([truth, w], choice),
      ),
      breaks('E_COND_OPERAND', 'cond: operand 0 is not given, the branches take f32[4,3], operand truth []', () =>
        graph.cond([truth], choice),
      ),
    ],
  },
  while: {
    C1: [
      breaks('E_WHILE_CONDITION', 'whileLoop: the condition is bool[4,3], not a scalar of bool, operand x [4,3]', () =>
        graph.while([x], { fn: { params: [x], results: [x, m] }, carries: 1 }),
      ),
      breaks('E_WHILE_CONDITION', 'whileLoop: the condition is missing, not a scalar of bool, operand x [4,3]', () =>
        graph.while([x], { fn: { params: [x], results: [x] }, carries: 1 }),
      ),
    ],
    C2: [
      breaks('E_WHILE_CARRY', 'whileLoop: value 0 is i32[4], the function takes f32[4,3], operand ids [4]', () =>
        graph.while([ids], { fn: { params: [x], results: [x, truth] }, carries: 1 }),
      ),
      breaks('E_WHILE_CARRY', 'whileLoop: value 0 is not given, the function takes f32[4,3]', () =>
        graph.while([], { fn: { params: [x], results: [x, truth] }, carries: 1 }),
      ),
      breaks('E_WHILE_CARRY', 'whileLoop: carry 0 goes in as f32[4,3] and comes out as f32[5,2], operand x [4,3]', () =>
        graph.while([x], { fn: { params: [x], results: [w, truth] }, carries: 1 }),
      ),
    ],
  },
} satisfies Readonly<Record<string, BrokenConstraints>>
