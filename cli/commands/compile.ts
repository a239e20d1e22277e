/**
 * `nabla compile FILE#EXPORT --out DIR`: an artifact with its typed wrapper.
 * In: the place of a model. Out: NAME.wasm, NAME.js and NAME.d.ts (for the JavaScript target NAME.program.js, NAME.js and
 * NAME.d.ts), and a report of what the compiler made. All files are written, or none.
 */
import { join } from 'node:path'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { type Artifact, compile } from '../../compiler/compile.ts'
import { showBytes, showCount, table } from '../../compiler/inspect/amounts.ts'
import type { PassName, PassTime } from '../../compiler/pass.ts'
import { rematText } from '../../compiler/remat.ts'
import { wrapperOf } from '../../compiler/wrapper.ts'
import type { Simd, Target } from '../../src/artifact/types.ts'
import type { NablaError } from '../../src/core/errors.ts'
import { certify } from '../check/certify.ts'
import { type OutputFile, writeFiles } from '../files.ts'
import { joined, loadModels } from '../model.ts'
import { showTime, type Terminal } from '../terminal.ts'

export interface CompileSettings {
  readonly out: string
  readonly target: Target
  readonly simd: Simd
  readonly dump: readonly PassName[]
  readonly checked: boolean
  readonly checks: boolean
  /** Check the gradients and put what was found into the artifact. */
  readonly certify: boolean
  readonly queue: Readonly<Record<string, number>>
  /** As many as may run the program together. */
  readonly threads: number
  readonly maxMemory?: number
  /** Compute values again where that limit would be passed. */
  readonly remat: boolean
}

/** The time of each pass, over all entries. */
const timesOf = (times: readonly PassTime[]): string => {
  const sums = new Map<PassName, number>()
  for (const { pass, milliseconds } of times) sums.set(pass, (sums.get(pass) ?? 0) + milliseconds)
  const total = [...sums.values()].reduce((p, q) => p + q, 0)
  return [...[...sums].map(([pass, ms]) => `${pass} ${showTime(ms)}`), `together ${showTime(total)}`].join(' · ')
}

const reportOf = ({ manifest, kernels, times }: Artifact): string =>
  [
    table(
      ['entry', 'kernels', 'FLOPs', 'bytes moved', 'arena'],
      manifest.entries.map((e) => [
        e.name,
        String(kernels[e.name] ?? 0),
        showCount(e.flops),
        showBytes(e.bytes),
        showBytes(e.peak),
      ]),
      ['kernels', 'FLOPs', 'bytes moved', 'arena'],
    ),
    '',
    `memory  ${showBytes(manifest.memoryBytes)}${manifest.threads === undefined ? '' : `, shared by up to ${manifest.threads.most} threads`}`,
    `passes  ${timesOf(times)}`,
  ].join('\n')

const filesOf = (name: string, artifact: Artifact): readonly OutputFile[] => {
  const file = artifact.manifest.target === 'wasm' ? `${name}.wasm` : `${name}.program.js`
  const { js, dts } = wrapperOf(artifact, file)
  return [
    { name: file, content: artifact.bytes },
    { name: `${name}.js`, content: js },
    { name: `${name}.d.ts`, content: dts },
  ]
}

const bytesOfFile = ({ content }: OutputFile): number =>
  typeof content === 'string' ? new TextEncoder().encode(content).length : content.length

export const compileCommand = async (
  place: string,
  settings: CompileSettings,
  { out, colors }: Terminal,
): Promise<Either<NablaError, void>> => {
  const found = await loadModels(place)
  if (isLeft(found)) return found
  const model = joined(place.replace(/#.*$/, ''), found.right.models)
  if (isLeft(model)) return model
  const { target, simd, checked, checks, dump, queue, threads, maxMemory, remat } = settings
  const findings = settings.certify ? await certify(model.right, found.right.sample) : undefined
  if (findings !== undefined && isLeft(findings)) return findings
  const artifact = await compile(model.right.entries, {
    target,
    simd,
    checked,
    checks,
    queue,
    threads,
    remat,
    dump: { passes: dump, print: (pass, text) => out(`${colors.bold(pass)}\n${text}\n`) },
    ...(maxMemory === undefined ? {} : { maxMemory }),
    ...(findings === undefined ? {} : { certificate: findings.right }),
  })
  if (isLeft(artifact)) return artifact
  const files = filesOf(model.right.name, artifact.right)
  const written = await writeFiles(settings.out, files)
  if (isLeft(written)) return written
  out(colors.bold(model.right.place))
  out(reportOf(artifact.right))
  if (artifact.right.recomputed.length > 0) out(`\n${rematText(artifact.right.recomputed)}\n`)
  out(`files   ${files.map((f) => `${join(settings.out, f.name)} (${showBytes(bytesOfFile(f))})`).join(', ')}`)
  return right(undefined)
}
