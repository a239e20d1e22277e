// Functions of an element and of a row, each an entry of its own, on arrays that stay in the first cache.
// In: nothing. Out: entries by name, and values for their inputs. Invariant: arguments are of the usual size, nowhere special.

import {
  div,
  exp,
  gelu,
  input,
  layerNorm,
  log,
  max,
  ones,
  param,
  sigmoid,
  softmax,
  sqrt,
  sum,
  tanh,
  zeros,
} from 'nabla'
import type { EntryInputs } from 'nabla/compiler'

export const rows = 8
export const width = 256
export const elements = rows * width

export const functionEntries = (): EntryInputs => {
  const x = input('x', [rows, width])
  const gains = { scale: param('scale', [width], ones), shift: param('shift', [width], zeros) }
  const results = {
    sqrt: sqrt(x),
    div: div(1, x),
    exp: exp(x),
    log: log(x),
    sigmoid: sigmoid(x),
    tanh: tanh(x),
    gelu: gelu(x),
    sum: sum(x),
    max: max(x),
    softmax: softmax(x, 1),
    layerNorm: layerNorm(x, gains),
  }
  return Object.fromEntries(Object.entries(results).map(([name, y]) => [name, { y }]))
}

/** Between 0.1 and 4.1. */
export const argument = (): Float32Array =>
  Float32Array.from({ length: elements }, (_, i) => 0.1 + ((i * 37) % 1024) / 256)
