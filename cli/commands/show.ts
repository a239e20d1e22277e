/**
 * `nabla show ARTIFACT`: what an artifact says about itself. In: a .wasm or the module of the JavaScript target. Out: its
 * manifest as a person reads it, after the checks that loading makes.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { showBytes, showCount, table } from '../../compiler/inspect/amounts.ts'
import { listed } from '../../compiler/inspect/layout.ts'
import { isCertified } from '../../src/artifact/certificate.ts'
import { readArtifact } from '../../src/artifact/container.ts'
import { decodeManifest } from '../../src/artifact/manifest.ts'
import type { Limits, Manifest, ManifestPort } from '../../src/artifact/types.ts'
import type { NablaError } from '../../src/core/errors.ts'
import { showShape, sizeOf } from '../../src/core/shape.ts'
import { short } from '../check/report.ts'
import { reasonOf, refuseCli } from '../codes.ts'
import type { Terminal } from '../terminal.ts'

/** What is shown is not run, so it may be as large as addresses reach. */
const limits: Limits = { memoryBytes: 2 ** 32 }

const showPort = (p: ManifestPort): string => `${p.name} ${p.dtype}${showShape(p.shape)}`

const list = (title: string, ports: readonly ManifestPort[]): readonly string[] =>
  ports.length === 0 ? [] : [listed(title, ports.map(showPort), 100)]

const countOf = (ports: readonly ManifestPort[]): number => ports.reduce((n, p) => n + sizeOf(p.shape), 0)

/** What was found of the gradients, a line a variable; worthless where it was found of another program. */
const showCertificate = (c: Manifest['certificate'], ofThis: boolean): readonly string[] => {
  if (c === undefined) return ['gradient    not certified']
  if (!ofThis)
    return [`gradient    certified for another program (${c.program}): this one was changed behind its check`]
  const coordinates = c.variables.reduce((n, v) => n + v.coordinates, 0)
  const rows = c.variables.map((v) => [
    `∂${v.of}/∂${v.by}`,
    showShape(v.shape),
    String(v.coordinates),
    short(v.worst),
    short(v.mean),
    showShape(v.at),
    v.stated !== undefined
      ? `stated by the user, not checked (${v.stated})`
      : v.undecided === 0
        ? ''
        : `${v.undecided} undecided`,
  ])
  const head = ['variable', 'shape', 'checked', 'max error', 'mean error', 'worst at', '']
  return [
    `gradient    checked in f64 beside central differences at ${coordinates} coordinates, to ${c.tolerance}`,
    `            of this very program, ${c.program}`,
    '',
    table(head, rows, ['checked', 'max error', 'mean error']),
  ]
}

const showManifest = (m: Manifest, ofThis: boolean): string =>
  [
    `compiler    Nabla ${m.compiler}, manifest schema ${m.schema}`,
    `target      ${m.target}${m.target === 'wasm' ? `, ${m.simd === 'relaxed' ? 'relaxed SIMD (bits differ between engines)' : 'plain SIMD (the same bits in every engine)'}` : ''}`,
    `memory      ${showBytes(m.memoryBytes)}`,
    `threads     ${m.threads === undefined ? 'one' : `up to ${m.threads.most}, which share the memory; the same bits for any number`}`,
    ...list('parameters', m.params),
    ...(m.params.length === 0 ? [] : [`            ${showCount(countOf(m.params))} numbers in all`]),
    ...list('states', m.states),
    ...showCertificate(m.certificate, ofThis),
    '',
    table(
      ['entry', 'FLOPs', 'bytes moved', 'arena', 'inputs', 'outputs'],
      m.entries.map((e) => [
        e.name,
        showCount(e.flops),
        showBytes(e.bytes),
        showBytes(e.peak),
        e.inputs.map(showPort).join(', '),
        e.outputs.map(showPort).join(', '),
      ]),
      ['FLOPs', 'bytes moved', 'arena'],
    ),
    ...m.entries.flatMap((e) =>
      e.queue === undefined ? [] : [`${e.name} makes up to ${e.queue.length} runs in one call`],
    ),
  ].join('\n')

const manifestIn = async (path: string, bytes: Uint8Array, file: string): Promise<Either<NablaError, Manifest>> => {
  if (!/\.m?js$/.test(path)) {
    const artifact = readArtifact(bytes, limits)
    return isLeft(artifact) ? artifact : right(artifact.right.manifest)
  }
  // the very bytes that were read; by its path, a file without a package.json near would be taken for a CommonJS module
  const url = `data:text/javascript;base64,${Buffer.from(bytes).toString('base64')}`
  const module: { readonly manifest?: unknown } = await import(/* @vite-ignore */ url)
  return module.manifest === undefined
    ? refuseCli('E_CLI_FILE', `${file} is not the module of an artifact: it exports no manifest`)
    : decodeManifest(module.manifest, limits)
}

/** The manifest of a file, and whether its certificate is that of its program. */
const readFileManifest = async (
  path: string,
  file: string,
): Promise<Either<NablaError, { readonly manifest: Manifest; readonly ofThis: boolean }>> => {
  try {
    const bytes = new Uint8Array(await readFile(path))
    const manifest = await manifestIn(path, bytes, file)
    return isLeft(manifest) ? manifest : right({ manifest: manifest.right, ofThis: isCertified(manifest.right, bytes) })
  } catch (e) {
    return refuseCli('E_CLI_FILE', `${file} cannot be read: ${reasonOf(e)}`)
  }
}

export const showCommand = async (file: string, { out, colors }: Terminal): Promise<Either<NablaError, void>> => {
  const path = resolve(file)
  if (!existsSync(path)) return refuseCli('E_CLI_FILE', `there is no file ${file}`)
  const found = await readFileManifest(path, file)
  if (isLeft(found)) return found
  out(colors.bold(file))
  out(showManifest(found.right.manifest, found.right.ofThis))
  return right(undefined)
}
