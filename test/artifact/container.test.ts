import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attachManifest, readArtifact, readManifestSection, SECTION_NAME } from '../../src/artifact/container.ts'
import { digestOf } from '../../src/artifact/digest.ts'
import { readUnsigned, unsignedBytes } from '../../src/artifact/sections.ts'
import { codeOf, leftOf, rightOf } from './outcome.ts'
import { moduleOf, section, toyArtifact, toyManifest } from './toy.ts'
import { assertProperty } from '../properties.ts'

const artifact = toyArtifact()
// Preamble, id, two bytes of size, length of the name, name.
const prefix = 8 + 1 + 2 + 1 + 5
const json = prefix + 24

/** Overwrites bytes of the artifact; `sign` writes the digest that a forger would. */
const forged = (change: (bytes: Uint8Array, view: DataView) => void, sign = false): Uint8Array => {
  const bytes = artifact.slice()
  change(bytes, new DataView(bytes.buffer))
  const end = (readUnsigned(bytes, 9, bytes.length)?.value ?? 0) + 11
  if (sign) bytes.set(digestOf(bytes.subarray(json), end - json), prefix + 8)
  return bytes
}

describe('container', () => {
  it('holds what was put in, as a module that engines take', () => {
    const { manifest, wasm } = rightOf(readArtifact(artifact))
    expect(manifest).toEqual(toyManifest)
    expect(wasm).toBe(artifact)
    const module = new WebAssembly.Module(artifact)
    const [content] = WebAssembly.Module.customSections(module, SECTION_NAME)
    expect(rightOf(readManifestSection(new Uint8Array(content as ArrayBuffer)))).toEqual(toyManifest)
  })

  it('replaces a manifest that a module already has', () => {
    const again = attachManifest(artifact, { ...toyManifest, compiler: '0.2.0' })
    expect(again.length).toBe(artifact.length)
    expect(rightOf(readArtifact(again)).manifest.compiler).toBe('0.2.0')
    expect(WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array(again)), SECTION_NAME)).toHaveLength(
      1,
    )
  })

  it('reads at any alignment, and from a Buffer', () => {
    const shifted = new Uint8Array(artifact.length + 3)
    shifted.set(artifact, 3)
    expect(codeOf(readArtifact(shifted.subarray(3)))).toBe('right')
    expect(codeOf(readArtifact(Buffer.from(artifact)))).toBe('right')
  })

  it('refuses it cut short, at every length', () => {
    for (let length = 0; length < artifact.length; length++)
      expect(codeOf(readArtifact(artifact.subarray(0, length))), `${length} bytes`).toBe('E_ARTIFACT_TRUNCATED')
  })

  it('refuses it with any one bit altered', () => {
    const codes = new Set<string>()
    for (let bit = 0; bit < artifact.length * 8; bit++)
      codes.add(
        codeOf(readArtifact(forged((bytes) => (bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7)))))),
      )
    expect(codes).not.toContain('right')
    expect(codes).toContain('E_ARTIFACT_DIGEST')
  })

  it('refuses it with bytes behind its end', () => {
    const longer = new Uint8Array([...artifact, 0, 1, 0])
    expect(codeOf(readArtifact(longer))).toBe('E_ARTIFACT_DIGEST')
  })

  it('refuses what is no artifact', () => {
    expect(codeOf(readArtifact(new TextEncoder().encode('<!doctype html>')))).toBe('E_ARTIFACT_NOT_WASM')
    expect(codeOf(readArtifact(moduleOf()))).toBe('E_ARTIFACT_NO_MANIFEST')
    const moved = new Uint8Array([...artifact.subarray(0, 8), ...section(0, [1, 0x61]), ...artifact.subarray(8)])
    const error = leftOf(readArtifact(moved))
    expect(error.code).toBe('E_ARTIFACT_DIGEST')
    expect(error.message).toContain('rewritten by another tool')
  })

  it('refuses a newer schema', () => {
    const newer = forged((_, view) => view.setUint32(prefix, 2, true))
    expect(leftOf(readArtifact(newer))).toMatchObject({
      code: 'E_ARTIFACT_SCHEMA_NEWER',
      message: 'the artifact has schema 2, this runtime reads up to 1',
    })
  })

  it('refuses a forged manifest that is no JSON', () => {
    const error = leftOf(readArtifact(forged((bytes) => (bytes[json] = 0x21), true)))
    expect(error.code).toBe('E_ARTIFACT_MANIFEST')
    expect(error.message).toContain('manifest: expected JSON')
    expect(codeOf(readArtifact(forged((bytes) => (bytes[json + 2] = 0xff), true)))).toBe('E_ARTIFACT_MANIFEST')
  })

  it('refuses a section too short for its prefix', () => {
    const short = new Uint8Array([...artifact.subarray(0, 8), ...section(0, [5, ...Buffer.from('nabla'), 1, 0, 0])])
    expect(codeOf(readArtifact(short))).toBe('E_ARTIFACT_MANIFEST')
    expect(codeOf(readManifestSection(new Uint8Array(3)))).toBe('E_ARTIFACT_MANIFEST')
    const newer = new Uint8Array(24)
    newer[0] = 9
    expect(codeOf(readManifestSection(newer))).toBe('E_ARTIFACT_SCHEMA_NEWER')
  })

  it.each([
    ['grows', { memory: [1, 1, 1, 2] }, 'exactly 1 pages; it has one of 1 to 2'],
    ['has no bound', { memory: [1, 0, 1] }, 'none such'],
    [
      'is larger than stated',
      { memory: [1, 1, ...unsignedBytes(65_536), ...unsignedBytes(65_536)] },
      'it has one of 65536 to 65536',
    ],
    ['is shared', { memory: [1, 3, 1, 1] }, 'none such'],
    ['is not one', { memory: [2, 1, 1, 1, 1, 1, 1] }, 'none such'],
  ])('refuses a module whose memory %s', (_, parts, words) => {
    const error = leftOf(readArtifact(toyArtifact({}, parts)))
    expect(error.code).toBe('E_ARTIFACT_CODE')
    expect(error.message).toContain(words)
  })

  it.each([
    ['import', section(2, [1, 1, 0x61, 1, 0x62, 0, 0])],
    ['table', section(4, [1, 0x70, 0, 0xff, 0xff, 0xff, 0x7f])],
    ['start', section(8, [0])],
    ['element', section(9, [0])],
    ['13th', section(13, [0])],
  ])('refuses a module with a section of kind %s', (name, extra) => {
    const error = leftOf(readArtifact(toyArtifact({}, { extra })))
    expect(error).toMatchObject({
      code: 'E_ARTIFACT_CODE',
      message: `an artifact has no ${name} section, this one has`,
    })
  })

  it('refuses more sections than any compiler makes', () => {
    // Written past attachManifest, which would itself refuse them.
    const many = Array.from({ length: 1000 }, () => section(0, [1, 0x61])).flat()
    const bytes = new Uint8Array([...artifact, ...many])
    const view = new DataView(bytes.buffer)
    view.setUint32(prefix + 4, bytes.length, true)
    const end = (readUnsigned(bytes, 9, bytes.length)?.value ?? 0) + 11
    bytes.set(digestOf(bytes.subarray(json), end - json), prefix + 8)
    expect(leftOf(readArtifact(bytes))).toMatchObject({
      code: 'E_ARTIFACT_CODE',
      message: 'the module has more than 1000 sections',
    })
  })

  it('refuses the manifest of another target', () => {
    expect(codeOf(readArtifact(toyArtifact({ target: 'javascript' })))).toBe('E_ARTIFACT_LAYOUT')
  })

  it('never throws, whatever the bytes', () => {
    assertProperty(
      fc.property(
        fc.array(fc.tuple(fc.nat(artifact.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (changes, sign) => {
          const bytes = forged((b) => changes.forEach(([at, value]) => (b[at] = value)), false)
          if (sign && bytes.length > json) bytes.set(digestOf(bytes.subarray(json), artifact.length - json), prefix + 8)
          readArtifact(bytes)
        },
      ),
      { numRuns: 500 },
    )
    assertProperty(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => codeOf(readArtifact(bytes)) !== 'right'))
  })

  it('writes and reads LEB128', () => {
    for (const value of [0, 1, 127, 128, 624_485, 2 ** 31, 2 ** 32 - 1]) {
      const bytes = new Uint8Array(unsignedBytes(value))
      expect(readUnsigned(bytes, 0, bytes.length)).toEqual({ value, next: bytes.length })
      expect(readUnsigned(bytes, 0, bytes.length - 1)).toBeUndefined()
    }
    expect(unsignedBytes(624_485)).toEqual([0xe5, 0x8e, 0x26])
    expect(readUnsigned(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x7f]), 0, 5)).toBeUndefined()
  })
})
