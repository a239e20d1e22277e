// In: the text of one module. Out: every import it states, types and dynamic ones included, with its line.
// Invariant: comments, strings, template literals and regular expressions are skipped, so that code which a module writes
// (an emitter's, a wrapper's) is not taken for code that it runs. No parser: the forms of an import are few and fixed.

/** `value` runs the module it names, `type` is erased, `dynamic` runs it later, `re-export` passes its names on. */
export type ImportKind = 'value' | 'type' | 'dynamic' | 're-export'

export type Import = Readonly<{ specifier: string; kind: ImportKind; line: number }>

type Masked = Readonly<{ code: string; strings: ReadonlyMap<number, string> }>

// After these a slash begins a regular expression; after a name, a number or a closing bracket it divides.
const beforeRegex =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await))\s*$/

/** Where the literal that opens at `start` with `quote` ends, past its closing quote. */
const endOfString = (text: string, start: number): number => {
  const quote = text[start]
  let at = start + 1
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

const endOfRegex = (text: string, start: number): number => {
  let inClass = false
  let at = start + 1
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true
    if (text[at] === ']') inClass = false
    at += text[at] === '\\' ? 2 : 1
  }
  return at + 1
}

/** Where the text part of a template literal ends: past its backquote, or past the `${` of its next expression. */
const endOfTemplateText = (text: string, start: number): number => {
  let at = start
  while (at < text.length) {
    if (text[at] === '`') return at + 1
    if (text.startsWith('${', at)) return at + 2
    at += text[at] === '\\' ? 2 : 1
  }
  return at
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/**
 * The text with everything that is not code blanked, at its old offsets; a string keeps its quotes, and what stood in it is
 * kept beside, by the offset of the opening quote.
 */
const mask = (text: string): Masked => {
  const strings = new Map<number, string>()
  // For each template expression that is open: how many of its own braces are.
  const braces: number[] = []
  let code = ''
  const skipTo = (end: number): void => {
    code += blank(text.slice(code.length, end))
  }
  while (code.length < text.length) {
    const at = code.length
    const c = text[at]
    if (text.startsWith('//', at)) skipTo(text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at))
    else if (text.startsWith('/*', at)) skipTo(text.indexOf('*/', at) < 0 ? text.length : text.indexOf('*/', at) + 2)
    else if (c === '"' || c === "'") {
      const end = endOfString(text, at)
      strings.set(at, text.slice(at + 1, end - 1))
      code += c + blank(text.slice(at + 1, end - 1)) + c
    } else if (c === '`' || (c === '}' && braces.at(-1) === 0)) {
      if (c === '}') braces.pop()
      const end = endOfTemplateText(text, at + 1)
      if (text[end - 1] === '{') braces.push(0)
      skipTo(end)
    } else if (c === '/' && beforeRegex.test(code.slice(-20))) skipTo(endOfRegex(text, at))
    else {
      const open = braces.length - 1
      if (open >= 0 && c === '{') braces[open] = (braces[open] as number) + 1
      if (open >= 0 && c === '}') braces[open] = (braces[open] as number) - 1
      code += c
    }
  }
  return { code, strings }
}

const names = String.raw`\{[^{}]*\}|\*(?:\s*as\s+[\w$]+)?|[\w$]+(?:\s*,\s*(?:\{[^{}]*\}|\*\s*as\s+[\w$]+))?`
const statement = new RegExp(
  String.raw`(?<![.\w$])(import|export)(\s+type)?(?:\s*(?:${names})\s*from)?\s*(?=['"])|(?<![.\w$])import\s*\(\s*(?=['"])`,
  'g',
)

const kindOf = (keyword: string | undefined, type: string | undefined): ImportKind => {
  if (keyword === undefined) return 'dynamic'
  if (keyword === 'export') return 're-export'
  return type === undefined ? 'value' : 'type'
}

/** Every import of a module, in the order of its text. */
export const importsOf = (text: string): readonly Import[] => {
  const { code, strings } = mask(text)
  return Array.from(code.matchAll(statement), ({ 0: matched, 1: keyword, 2: type, index }) => ({
    specifier: strings.get(index + matched.length) ?? '',
    kind: kindOf(keyword, type),
    line: code.slice(0, index).split('\n').length,
  }))
}
