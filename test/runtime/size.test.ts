import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** A page's bundle of what `contents` imports. */
const bundle = async (contents: string) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    metafile: true,
  })
  const bytes = outputFiles[0]?.contents ?? new Uint8Array()
  return {
    gzipped: gzipSync(bytes, { level: 9 }).length,
    text: outputFiles[0]?.text ?? '',
    inputs: Object.keys(metafile.inputs),
  }
}

describe('the size of the runtime', () => {
  it('is under 30 kB gzipped, all of it, and under 22 kB for load alone', async () => {
    const whole = await bundle("export * from '../../runtime/index.ts'")
    expect(whole.gzipped).toBeGreaterThan(1000)
    expect(whole.gzipped).toBeLessThan(30_000)
    const alone = await bundle("export { load } from '../../runtime/index.ts'")
    expect(alone.gzipped).toBeLessThan(22_000)
  })

  it('holds no compiler, no binaryen and no op, and looks for no module of Node', async () => {
    const { inputs, text } = await bundle("export * from '../../runtime/index.ts'")
    expect(inputs.filter((path) => /compiler\/|binaryen|src\/(ops|expr|nn|optim)\//.test(path))).toEqual([])
    expect(text).not.toMatch(/from\s*["']node:/)
    expect(text).not.toMatch(/import\(["']node:/)
  })
})
