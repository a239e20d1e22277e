/**
 * What building, differentiating and compiling can refuse. In: nothing. Out: the tables of codes.
 * Invariant: every code that src/ops, src/expr, src/nn, src/optim and compiler give is listed here, with one line that says what
 * is wrong; the runtime, the readers of artifacts and the command line have tables of their own.
 */
import type { ErrorCode } from './errors.ts'

export const expressionErrorCodes = {
  E_AXIS: { phase: 'expression', summary: 'an axis does not exist in the shape' },
  E_AXIS_PAIRS: { phase: 'expression', summary: 'the axes of a contraction do not come in pairs' },
  E_AXIS_PERMUTATION: { phase: 'expression', summary: 'the axes of a transposition are not a permutation' },
  E_AXIS_REPEATED: { phase: 'expression', summary: 'an axis is given twice' },
  E_COND_BRANCHES: { phase: 'expression', summary: 'the branches of a choice give results of different types' },
  E_COND_OPERAND: { phase: 'expression', summary: 'an operand has another type than the branches of a choice take' },
  E_COND_PREDICATE: {
    phase: 'expression',
    summary: 'the predicate of a choice between functions is no scalar of bool',
  },
  E_CONCAT_EMPTY: { phase: 'expression', summary: 'nothing was given to be joined' },
  E_COUNT: { phase: 'expression', summary: 'a number of repetitions is not a natural number' },
  E_CUSTOM_RULE: { phase: 'expression', summary: 'the cotangents or the tangent of a rule do not fit the function' },
  E_DTYPE: { phase: 'expression', summary: 'an operand has a dtype that the op does not take' },
  E_DTYPE_MISMATCH: { phase: 'expression', summary: 'operands differ in dtype; nothing is converted silently' },
  E_EINSUM_EXTENT: { phase: 'expression', summary: 'one letter of an einsum has two extents' },
  E_EINSUM_OPERANDS: { phase: 'expression', summary: 'an einsum names another number of operands than it gets' },
  E_EINSUM_OUTPUT: { phase: 'expression', summary: 'the output of an einsum has a letter twice, or one of no operand' },
  E_EINSUM_RANK: { phase: 'expression', summary: 'the letters of an einsum are not those of an operand’s axes' },
  E_EINSUM_SPEC: { phase: 'expression', summary: 'the text of an einsum cannot be read' },
  E_EMPTY: {
    phase: 'expression',
    summary: 'an axis without elements has no maximum, minimum, position of one, or row to take',
  },
  E_EXTENT: { phase: 'expression', summary: 'a shape has an extent that is no natural number, or too many elements' },
  E_INDEX_RANGE: { phase: 'expression', summary: 'a constant index names no row of its axis' },
  E_INITIAL: { phase: 'expression', summary: 'an initial value does not fit its parameter or state' },
  E_KEY: { phase: 'expression', summary: 'a random key is not i32[2]' },
  E_LITERAL: { phase: 'expression', summary: 'a literal is not of the dtype that it stands beside' },
  E_NAME: { phase: 'expression', summary: 'the name of an input, parameter or state is empty or cannot be used' },
  E_OPTIMIZER: { phase: 'expression', summary: 'parameters and gradients of an optimizer do not fit together' },
  E_PAD: { phase: 'expression', summary: 'the counts of a padding are not natural numbers, or not three an axis' },
  E_RANGE: { phase: 'expression', summary: 'a range of numbers has no end' },
  E_RANK: { phase: 'expression', summary: 'an operand has not as many axes as the op wants' },
  E_RATE: { phase: 'expression', summary: 'a rate is not in [0, 1)' },
  E_SCAN_ARITY: { phase: 'expression', summary: 'the function of a loop takes or gives another number of values' },
  E_SCAN_CARRY: { phase: 'expression', summary: 'a carry of a loop comes out with another type than it went in with' },
  E_SCAN_LENGTH: {
    phase: 'expression',
    summary: 'sequences of a loop differ in length, or nothing says how long it is',
  },
  E_SCAN_SEGMENT: {
    phase: 'expression',
    summary: 'a segment of a loop that is to be computed again has less than one step',
  },
  E_SCAN_TYPE: { phase: 'expression', summary: 'a value has another type than the function of a loop takes' },
  E_SCHEDULE: { phase: 'expression', summary: 'a schedule has no number of steps, or a factor that is not positive' },
  E_SHAPE_BROADCAST: { phase: 'expression', summary: 'shapes do not broadcast' },
  E_SHAPE_CHANNELS: { phase: 'expression', summary: 'the channels of an image and of its filters do not fit together' },
  E_SHAPE_CONCAT: {
    phase: 'expression',
    summary: 'joined tensors differ in another axis than the one they are joined along',
  },
  E_SHAPE_CONSTANT: { phase: 'expression', summary: 'the elements of a constant do not fill its shape' },
  E_SHAPE_EQUAL: { phase: 'expression', summary: 'shapes that have to be equal differ' },
  E_SHAPE_HEADS: { phase: 'expression', summary: 'the columns of an attention do not divide into its heads' },
  E_SHAPE_INDICES: { phase: 'expression', summary: 'indices do not fit the tensor that they count rows of' },
  E_SHAPE_LABELS: {
    phase: 'expression',
    summary: 'labels have neither the shape of the rows nor, as probabilities, that of the logits',
  },
  E_SHAPE_MATMUL_BATCH: { phase: 'expression', summary: 'the batch dimensions of a matrix product differ' },
  E_SHAPE_MATMUL_INNER: { phase: 'expression', summary: 'the inner dimensions of a matrix product differ' },
  E_SHAPE_MATMUL_RANK: { phase: 'expression', summary: 'a scalar has no matrix product' },
  E_SHAPE_MAXOUT: { phase: 'expression', summary: 'the last extent is no multiple of the pieces of a maxout' },
  E_SHAPE_RECURRENT: { phase: 'expression', summary: 'the parameters of a recurrent layer do not fit its sequence' },
  E_SHAPE_RESHAPE: { phase: 'expression', summary: 'a reshape would change the number of elements' },
  E_SHAPE_SCALE: { phase: 'expression', summary: 'scale, shift or moments of a normalization do not fit' },
  E_SHAPE_SPLIT: { phase: 'expression', summary: 'the parts of a split do not fill the axis' },
  E_SHAPE_SQUEEZE: { phase: 'expression', summary: 'a squeezed axis has an extent other than 1' },
  E_SHAPE_UPDATES: { phase: 'expression', summary: 'updates do not have the shape of the rows that the indices take' },
  E_SHAPE_WINDOW: { phase: 'expression', summary: 'a window does not fit, or windows are not those of the shape' },
  E_SLICE: { phase: 'expression', summary: 'a slice is not a range of its axis' },
  E_WINDOW: { phase: 'expression', summary: 'a window, its stride, its dilation or groups are not positive numbers' },
} as const satisfies Record<string, ErrorCode>

export const gradErrorCodes = {
  E_CUSTOM_INPUT: { phase: 'grad', summary: 'a function with its own derivative is differentiated by no input of it' },
  E_CUSTOM_JVP: { phase: 'grad', summary: 'a function with its own derivative has none in forward mode' },
  E_GRAD_COTANGENT: { phase: 'grad', summary: 'a cotangent is not of the type of the output' },
  E_GRAD_DTYPE: { phase: 'grad', summary: 'only f32 and f64 have a derivative' },
  E_GRAD_NON_SCALAR: { phase: 'grad', summary: 'only a scalar has a gradient' },
  E_GRAD_TANGENT: { phase: 'grad', summary: 'a tangent is missing, or not of the type of what moves' },
  E_VMAP_AXIS: { phase: 'grad', summary: 'an argument or a result has no such batch axis' },
  E_VMAP_SIZE: { phase: 'grad', summary: 'the batches of the arguments differ in size' },
} as const satisfies Record<string, ErrorCode>

export const compileErrorCodes = {
  E_COMPILE_MEMORY: { phase: 'compile', summary: 'the program needs more memory than was allowed' },
  E_ENTRY_EMPTY: { phase: 'compile', summary: 'an entry has neither results nor updates' },
  E_ENTRY_NAME: { phase: 'compile', summary: 'the name of an entry or result cannot be used' },
  E_ENTRY_NONE: { phase: 'compile', summary: 'there is nothing to compile' },
  E_ENTRY_RESULT: { phase: 'compile', summary: 'a result of an entry is not an expression' },
  E_INIT: { phase: 'compile', summary: 'a parameter or state has no initial value of its own type' },
  E_NAME_TWICE: { phase: 'compile', summary: 'one name means two inputs, parameters or states' },
  E_UPDATE_TARGET: { phase: 'compile', summary: 'only parameters and states can be updated' },
  E_UPDATE_TWICE: { phase: 'compile', summary: 'a step updates one parameter or state twice' },
  E_UPDATE_TYPE: { phase: 'compile', summary: 'the new value of a parameter or state is of another type' },
} as const satisfies Record<string, ErrorCode>
