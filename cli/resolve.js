// In: an import as it is resolved and loaded. Out: the same, with two things settled for the model files that a user hands
// to the command: `nabla`, `nabla/compiler` and `nabla/runtime` are this very copy, wherever the file lies, and a
// TypeScript file is an ES module, whatever the nearest package.json says. An installed ES module is loaded as it is: tsx
// would parse it once more, which takes 7 s for binaryen's 15 MB. And functions of Nabla's own are not told their names
// whenever one is made, as tsx would have it: that is a tenth of a compilation.
// Invariant: one process has one expression table; a second copy of the language, or one loaded as CommonJS beside the ES
// modules, would hash-cons into a table of its own and its expressions would be strangers to the compiler.

import { readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)

/** @type {ReadonlyMap<string, string>} */
const entries = new Map([
  ['nabla', new URL('src/index.ts', root).href],
  ['nabla/compiler', new URL('compiler/index.ts', root).href],
  ['nabla/runtime', new URL('runtime/index.ts', root).href],
])

const own = ['src/', 'compiler/', 'runtime/'].map((folder) => new URL(folder, root).href)

const isTypeScript = /** @param {string} url */ (url) => /\.m?tsx?(\?|$)/.test(url)

/**
 * @template {{ url: string, format?: string | null | undefined }} R
 * @param {R} resolved
 * @returns {R}
 */
const asModule = (resolved) =>
  resolved.format === 'commonjs' && isTypeScript(resolved.url) ? { ...resolved, format: 'module' } : resolved

/**
 * Both of Node's kinds of hook: `next` answers at once under registerHooks and with a promise under register.
 * @param {string} specifier
 * @param {object} context
 * @param {(specifier: string, context: object) => any} next
 */
export const resolve = (specifier, context, next) => {
  const resolved = next(entries.get(specifier) ?? specifier, context)
  return resolved instanceof Promise ? resolved.then(asModule) : asModule(resolved)
}

/** How tsx's output gives functions their names; what stands instead is as long, so that source maps hold. */
const naming = 'var __name=(target,value)=>__defProp(target,"name",{value,configurable:true});'
const asIs = 'var __name=target=>target;'.padEnd(naming.length)

/**
 * @template {{ source?: unknown }} L
 * @param {L} loaded
 * @returns {L}
 */
const unnamed = (loaded) =>
  typeof loaded.source === 'string' ? { ...loaded, source: loaded.source.replace(naming, asIs) } : loaded

/**
 * @param {string} url
 * @param {{ format?: string | null | undefined }} context
 * @param {(url: string, context: object) => any} next
 */
export const load = (url, context, next) => {
  if (context.format === 'module' && url.startsWith('file:') && /\/node_modules\/.*\.m?js$/.test(url))
    return { format: 'module', source: readFileSync(new URL(url), 'utf8'), shortCircuit: true }
  const loaded = next(url, context)
  if (!own.some((folder) => url.startsWith(folder))) return loaded
  return loaded instanceof Promise ? loaded.then(unnamed) : unnamed(loaded)
}
