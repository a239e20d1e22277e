// In: the address of a TypeScript module. Out: the module, run in this process by tsx.
// Invariant: stack traces show the lines of the .ts files, the user's own included.

import * as module from 'node:module'
import { register } from 'tsx/esm/api'
import { load, resolve } from './resolve.js'

/**
 * Import a TypeScript module, and whatever it imports.
 * @param {URL} url
 */
export const runTypeScript = async (url) => {
  process.setSourceMapsEnabled(true)
  register()
  // registerHooks (Node 22.15) has taken the place of register.
  if ('registerHooks' in module) /** @type {any} */ (module).registerHooks({ resolve, load })
  else module.register('./resolve.js', import.meta.url)
  return import(url.href)
}
