// In: XML text. Out: its elements in order, or an error where it is not well formed.

export interface Element {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  /** The tags around it, outermost first. */
  readonly path: readonly string[]
}

const token = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
const goodText = /^(?:[^&<]|&(?:amp|lt|gt|quot|#\d+);)*$/

export const elementsOf = (text: string): readonly Element[] => {
  const found: Element[] = []
  const open: string[] = []
  let at = 0
  for (const m of text.matchAll(token)) {
    if (m.index !== at) break
    at += m[0].length
    const [, closes, tag = '', attributes = '', empty, words] = m
    if (!goodText.test(words ?? attributes)) throw new Error(`a bare character in ${words ?? attributes}`)
    if (words !== undefined) continue
    if (closes === '/') {
      const last = open.pop()
      if (last !== tag) throw new Error(`</${tag}> closes <${last}>`)
      continue
    }
    const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
      ([, k, v]) => [k as string, v as string] as const,
    )
    found.push({ tag, attributes: Object.fromEntries(pairs), path: [...open] })
    if (empty !== '/') open.push(tag)
  }
  if (at !== text.length) throw new Error(`no XML: ${text.slice(at, at + 40)}`)
  if (open.length > 0) throw new Error(`<${open.at(-1)}> stays open`)
  return found
}
