// In: the folder of a package.json with its package-lock.json. Out: that folder's node_modules, exactly as locked.
// Invariant: plain JavaScript on Node's own modules, because it runs before anything is installed; it prints to stderr
// alone, so that the output of the command behind it can be piped.

import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, peer?: boolean, os?: string[], cpu?: string[] }} Locked
 * @typedef {Record<string, Locked>} Packages
 */

const oldestNode = 20

/** The folder of the checkout (or of the installed package). */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * The packages of a lock file by their folder, without the project itself; nothing where there is no readable lock file.
 * @param {string} file
 * @returns {Packages | undefined}
 */
const readLock = (file) => {
  try {
    const { '': _self, ...packages } = JSON.parse(readFileSync(file, 'utf8')).packages
    return packages
  } catch {
    return undefined
  }
}

/**
 * Whether a package may run here. npm writes a platform as `linux`, or as `!win32` for every other.
 * @param {string[] | undefined} allowed
 * @param {string} here
 */
const isFor = (allowed, here) =>
  allowed === undefined ||
  allowed.includes(here) ||
  (allowed.every((name) => name.startsWith('!')) && !allowed.includes(`!${here}`))

/**
 * Whether node_modules holds what package-lock.json asks for. npm ends every installation by writing what it installed to
 * node_modules/.package-lock.json, so an interrupted one, an older one and one copied from another platform are all seen.
 * @param {string} dir
 */
export const isInstalled = (dir) => {
  const wanted = readLock(join(dir, 'package-lock.json'))
  const present = readLock(join(dir, 'node_modules', '.package-lock.json'))
  if (wanted === undefined || present === undefined) return false
  const missing = Object.entries(wanted).some(([path, { optional, peer }]) => !optional && !peer && !(path in present))
  const stale = Object.entries(present).some(([path, found]) => {
    const locked = wanted[path]
    if (locked === undefined || locked.version !== found.version || locked.integrity !== found.integrity) return true
    return !isFor(found.os, process.platform) || !isFor(found.cpu, process.arch) || !existsSync(join(dir, path))
  })
  return !missing && !stale
}

/**
 * npm as this process was started by it, else the one on the PATH (a .cmd file on Windows, which needs a shell).
 * @param {string[]} args
 * @param {string} dir
 */
const npm = (args, dir) => {
  const started = process.env['npm_execpath']
  const out = /** @type {const} */ (['ignore', 2, 2])
  return started !== undefined && basename(started) === 'npm-cli.js' && existsSync(started)
    ? spawnSync(process.execPath, [started, ...args], { cwd: dir, stdio: [...out] })
    : spawnSync('npm', args, { cwd: dir, stdio: [...out], shell: process.platform === 'win32' })
}

/**
 * Whether node_modules is a link to a folder elsewhere.
 * @param {string} dir
 */
const isLinked = (dir) => lstatSync(join(dir, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true

/**
 * Install the locked packages of `dir` unless they are there. Ends the process with a sentence where that cannot be done.
 * @param {string} [dir] the checkout itself unless said
 */
export const ensureInstalled = (dir = root) => {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < oldestNode) return give(`Nabla needs Node ${oldestNode} or newer; this is ${process.version}.`)
  // An installed package has no lock file beside it: its dependencies are the business of whoever installed it.
  if (!existsSync(join(dir, 'package-lock.json')) || isInstalled(dir)) return
  // npm ci begins by emptying node_modules, through a link as well: what lies there may serve other checkouts.
  if (isLinked(dir))
    return give(
      `node_modules in ${dir} is a symbolic link, and what it leads to is not what package-lock.json asks for. ` +
        'npm ci would empty that folder: remove the link and run this again, or run "npm ci" where it leads to.',
    )
  console.error(`Installing the packages of ${dir} (npm ci, once) ...`)
  const started = Date.now()
  // Dev and optional packages even under NODE_ENV=production or an `omit` of the user's: tests and native binaries need them.
  const args = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const { status, error } = npm(args, dir)
  if (error !== undefined) return give(`npm could not be started (${error.message}); run "npm ci" in ${dir} by hand.`)
  if (status !== 0) return give(`npm ci failed in ${dir}; what it said stands above.`)
  console.error(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.`)
}

/** @param {string} why @returns {never} */
const give = (why) => {
  console.error(why)
  process.exit(1)
}
