/**
 * Of which program a certificate is. In: a manifest and the program's code. Out: a digest, and whether the certificate names it.
 * Invariant: the digest covers all of the manifest but the certificate, and all of the code but the manifest, so that a program
 * that was changed behind its check no longer has the digest that its certificate names. It tells damage and mistakes, not
 * forgery.
 */
import { bareModule } from './container.ts'
import { digestOf } from './digest.ts'
import type { GradientFindings, Manifest } from './types.ts'

const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')

/** The digest of a program, 32 hexadecimal digits. */
const programDigest = (manifest: Manifest, code: readonly Uint8Array[]): string => {
  const uncertified = JSON.stringify(manifest, (key, value: unknown) => (key === 'certificate' ? undefined : value))
  const bytes = [new TextEncoder().encode(uncertified), ...code]
  // each part is seeded with the digest of what stands before it
  const whole = bytes.reduce(
    (before, part) => digestOf(part, new DataView(before.buffer).getUint32(0, true)),
    digestOf(new Uint8Array(), bytes.length),
  )
  return hex(whole)
}

/** The text of a JavaScript artifact without its manifest. */
const javascriptCode = (text: string): Uint8Array =>
  new TextEncoder().encode(text.replace(/^export const manifest = [\s\S]*?\n\n/m, ''))

const codeOf = (manifest: Manifest, artifact: Uint8Array): readonly Uint8Array[] =>
  manifest.target === 'wasm' ? bareModule(artifact) : [javascriptCode(new TextDecoder().decode(artifact))]

/** The manifest with what was found about this very program; `artifact` is its file, whose manifest is not looked at. */
export const certified = (manifest: Manifest, artifact: Uint8Array, findings: GradientFindings): Manifest => ({
  ...manifest,
  certificate: { program: programDigest(manifest, codeOf(manifest, artifact)), ...findings },
})

/** Whether the certificate of an artifact is that of its program; false where it has none. */
export const isCertified = (manifest: Manifest, artifact: Uint8Array): boolean =>
  manifest.certificate !== undefined &&
  manifest.certificate.program === programDigest(manifest, codeOf(manifest, artifact))
