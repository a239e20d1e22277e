// What a page or a server ships. Comes in: nothing; goes out: W2's artifact, its generated wrapper and the bundled runtime.

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Platform } from 'esbuild'
import { isLeft } from 'fp-ts/lib/Either.js'
import { type Artifact, compile } from 'nabla/compiler'
import { wrapperOf } from '../../compiler/wrapper.ts'
import type { Measurement } from '../measure.ts'
import { entries } from '../nabla/w2.ts'
import { countLine } from './lines.ts'

export const artifactFile = 'w2.wasm'

export const compiledStep = async (): Promise<Artifact> => {
  const artifact = await compile(entries())
  if (isLeft(artifact)) throw new Error(artifact.left.message)
  return artifact.right
}

export const wrapperText = (artifact: Artifact): string => wrapperOf(artifact, artifactFile).js

/** `nabla/runtime`, all of it, as one minified module. */
export const bundledRuntime = async (platform: Platform): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../runtime/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    platform,
    format: 'esm',
    write: false,
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}

const gzipped = (content: Uint8Array | string): number => gzipSync(content, { level: 9 }).length

/** An artifact holds no weights, only how they are drawn. */
export const measureArtifact = async (): Promise<readonly Measurement[]> => [
  countLine('artifact-W2', 'bytes', (await compiledStep()).bytes.length),
]

export const measureWrapper = async (): Promise<readonly Measurement[]> => [
  countLine('wrapper-W2', 'bytes', gzipped(wrapperText(await compiledStep()))),
]

export const measureRuntime = async (): Promise<readonly Measurement[]> => [
  countLine('runtime', 'bytes', gzipped(await bundledRuntime('browser'))),
]
