import { describe, expect, it } from 'vitest'
import { toPrograms } from '../../compiler/entries.ts'
import { isName } from '../../src/artifact/manifest.ts'
import { input } from '../../src/expr/leaves.ts'
import { codeOf } from './outcome.ts'

const refused = ['', 'a\nb', '__proto__', 'x'.repeat(201)]

describe('names', () => {
  it.each(['x', 'layer 1.w', 'h₁', 'toString', 'x'.repeat(200)])('may be %j', (name) => {
    expect(isName(name)).toBe(true)
    const x = input(name, [2])
    expect(codeOf(toPrograms({ f: Object.fromEntries([[name, x]]) }))).toBe('right')
  })

  it.each(refused)('may not be %j, and the compiler says so before the manifest would', (name) => {
    expect(isName(name)).toBe(false)
    const x = input('x', [2])
    expect(codeOf(toPrograms({ f: Object.fromEntries([[name, x]]) }))).toBe('E_ENTRY_NAME')
    if (name !== '') expect(codeOf(toPrograms({ f: { y: input(name, [2]) } }))).toBe('E_NAME')
  })

  it('of entries are identifiers of at most 200 characters', () => {
    expect(codeOf(toPrograms({ ['f'.repeat(201)]: input('x', [2]) }))).toBe('E_ENTRY_NAME')
  })
})
