// What this engine offers: relaxed SIMD by default, behind a flag, or not at all.

/** Node 20's flag; engines that have relaxed SIMD by default are never given it. */
export const relaxedFlag = '--experimental-wasm-relaxed-simd'

// (func (param v128 v128 v128) (result v128) local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd), a module of its own.
const probe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x85, 0x02, 0x0b],
)

/** Whether this process compiles relaxed SIMD. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(probe)

/** Whether the engine has it without a flag, asked in the harness's process, which is never given one. */
export const relaxedByDefault: boolean = hasRelaxedSimd()
