// A fresh process that shows W5 in one form. Comes in: the form; goes out: milliseconds of processor time from the model to the text.
// Invariant: what is loaded once, the compiler and for the text of a module also binaryen, is there before.

import { isLeft } from 'fp-ts/lib/Either.js'
import { type FormName, formNames, forms } from '../../cli/forms.ts'
import { loadBinaryen } from '../../compiler/emit/wasm/load.ts'
import { loss } from '../nabla/w5.ts'
import { processorTime, stopwatch, tell } from './clock.ts'

export type Inspected = { readonly busy: number; readonly milliseconds: number }

const form = formNames.find((name): name is FormName => name === process.argv[2])
if (form === undefined) throw new Error(`no form ${process.argv[2]}`)
if (form === 'wat') await loadBinaryen()
const [watch, start] = [stopwatch(), processorTime()]
const model = { name: 'loss', place: 'w5.ts#loss', entries: { loss: loss() } }
const text = await forms[form].show(model, { width: 88 })
const milliseconds = processorTime() - start
if (isLeft(text)) throw new Error(text.left.message)
tell({ busy: watch.busy(), milliseconds } satisfies Inspected)
