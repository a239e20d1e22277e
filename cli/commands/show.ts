/**
 * `nabla show ARTIFACT`: what an artifact says about itself. In: a .wasm or the module of the JavaScript target. Out: its
 * manifest as a person reads it, after the checks that loading makes.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { showBytes, showCount, table } from '../../compiler/inspect/amounts.ts'
import { listed } from '../../compiler/inspect/layout.ts'
import { readArtifact } from '../../src/artifact/container.ts'
import { decodeManifest } from '../../src/artifact/manifest.ts'
import type { Limits, Manifest, ManifestPort } from '../../src/artifact/types.ts'
import type { NablaError } from '../../src/core/errors.ts'
import { showShape, sizeOf } from '../../src/core/shape.ts'
import { reasonOf, refuseCli } from '../codes.ts'
import type { Terminal } from '../terminal.ts'

/** What is shown is not run, so it may be as large as addresses reach. */
const limits: Limits = { memoryBytes: 2 ** 32 }

const showPort = (p: ManifestPort): string => `${p.name} ${p.dtype}${showShape(p.shape)}`

const list = (title: string, ports: readonly ManifestPort[]): readonly string[] =>
  ports.length === 0 ? [] : [listed(title, ports.map(showPort), 100)]

const countOf = (ports: readonly ManifestPort[]): number => ports.reduce((n, p) => n + sizeOf(p.shape), 0)

const showManifest = (m: Manifest): string =>
  [
    `compiler    Nabla ${m.compiler}, manifest schema ${m.schema}`,
    `target      ${m.target}${m.target === 'wasm' ? `, ${m.simd === 'relaxed' ? 'relaxed SIMD (bits differ between engines)' : 'plain SIMD (the same bits in every engine)'}` : ''}`,
    `memory      ${showBytes(m.memoryBytes)}`,
    ...list('parameters', m.params),
    ...(m.params.length === 0 ? [] : [`            ${showCount(countOf(m.params))} numbers in all`]),
    ...list('states', m.states),
    m.certificate === undefined
      ? 'gradient    not certified'
      : `gradient    checked at ${m.certificate.coordinates} coordinates: worst relative error ${m.certificate.worst.toExponential(1)}, allowed ${m.certificate.tolerance}`,
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
  ].join('\n')

const manifestIn = async (path: string, file: string): Promise<Either<NablaError, Manifest>> => {
  try {
    if (!/\.m?js$/.test(path)) {
      const artifact = readArtifact(new Uint8Array(await readFile(path)), limits)
      return isLeft(artifact) ? artifact : right(artifact.right.manifest)
    }
    const module: { readonly manifest?: unknown } = await import(/* @vite-ignore */ pathToFileURL(path).href)
    return module.manifest === undefined
      ? refuseCli('E_CLI_FILE', `${file} is not the module of an artifact: it exports no manifest`)
      : decodeManifest(module.manifest, limits)
  } catch (e) {
    return refuseCli('E_CLI_FILE', `${file} cannot be read: ${reasonOf(e)}`)
  }
}

export const showCommand = async (file: string, { out, colors }: Terminal): Promise<Either<NablaError, void>> => {
  const path = resolve(file)
  if (!existsSync(path)) return refuseCli('E_CLI_FILE', `there is no file ${file}`)
  const manifest = await manifestIn(path, file)
  if (isLeft(manifest)) return manifest
  out(colors.bold(file))
  out(showManifest(manifest.right))
  return right(undefined)
}
