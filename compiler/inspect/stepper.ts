/**
 * A compilation as a page to step through. In: stages. Out: HTML.
 * Invariant: without a script every stage can be read, one below the other; the script shows one at a time.
 */
import { page, said, tag } from './page.ts'

export interface Rewriting {
  readonly rule: string
  readonly label: string
  readonly law: string
  readonly before: string
  readonly after: string
  readonly source?: string
}

/** What a pass or a rewriting has made. */
export interface Stage {
  /** The program or entry that it belongs to. */
  readonly of: string
  readonly title: string
  /** How large it is, in words. */
  readonly size: string
  /** The whole as it is then; undefined where only the change is shown. */
  readonly text?: string
  readonly rewriting?: Rewriting
}

const style = `body{display:grid;grid-template-columns:22rem 1fr;height:100vh}
nav{overflow:auto;border-right:1px solid var(--rule);padding:10px;background:var(--raised)}
nav ol{list-style:none;margin:6px 0 0;padding:0}nav h2{margin:12px 0 2px}
nav button{display:block;width:100%;text-align:left;border:0;background:none;color:inherit;font:13px/1.5 ui-monospace,monospace;padding:1px 6px;border-radius:3px;cursor:pointer}
nav button[hidden]{display:none}nav button[aria-current]{background:var(--forward);color:var(--paper)}nav .rule{padding-left:20px}
nav select,.bar button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--rule);border-radius:4px;padding:3px 8px;width:auto}
nav select{max-width:100%;margin-top:4px}main{overflow:auto;padding:12px 22px}.bar{display:flex;gap:8px;align-items:center}
output{white-space:nowrap}.live section{display:none}.live section.now{display:block}pre{padding:10px;border:1px solid var(--rule);border-radius:4px;overflow:auto}
.change{display:grid;gap:6px;margin:10px 0}.was{background:var(--was)}.is{background:var(--is)}
pre mark{background:var(--is);color:inherit;display:inline-block;min-width:100%}@media(max-width:50rem){body{display:block;height:auto}}`

const script = `const sections=[...document.querySelectorAll('section')],items=[...document.querySelectorAll('nav button')]
const [byRule,byLine]=document.querySelectorAll('select');let at=0
document.querySelector('main').classList.add('live')
const open=i=>!items[i].hidden
const show=i=>{sections[at].classList.remove('now');items[at].removeAttribute('aria-current');at=i
sections[at].classList.add('now');items[at].setAttribute('aria-current','step');items[at].scrollIntoView({block:'nearest'})
document.querySelector('output').textContent=(at+1)+' of '+sections.length}
const move=by=>{for(let i=at+by;i>=0&&i<sections.length;i+=by)if(open(i))return show(i)}
const filter=()=>{items.forEach(b=>{b.hidden=(byRule.value!==''&&b.dataset.rule!==byRule.value)||(byLine.value!==''&&b.dataset.line!==byLine.value)})
if(!open(at)){const i=items.findIndex(b=>!b.hidden);if(i>=0)show(i)}}
items.forEach((b,i)=>b.onclick=()=>show(i));byRule.onchange=byLine.onchange=filter
document.querySelector('#back').onclick=()=>move(-1);document.querySelector('#on').onclick=()=>move(1)
addEventListener('keydown',e=>{if(e.target.tagName==='SELECT')return
if(['ArrowRight','ArrowDown'].includes(e.key)){e.preventDefault();move(1)}
if(['ArrowLeft','ArrowUp'].includes(e.key)){e.preventDefault();move(-1)}
if(e.key==='Home')show(items.findIndex((_,i)=>open(i)));if(e.key==='End')show(items.findLastIndex((_,i)=>open(i)))})
show(0)`

/** The lines of a text, those marked that the one before it does not have. */
const marked = (text: string, before: string | undefined): string => {
  const known = new Set((before ?? text).split('\n').map((l) => l.trim().replace(/ {2,}/g, ' ')))
  const lines = text.split('\n').map((l) => {
    const isKnown = known.has(l.trim().replace(/ {2,}/g, ' '))
    return said(isKnown ? 'span' : 'mark', {}, l === '' ? ' ' : l)
  })
  return tag('pre', {}, lines.join('\n'))
}

const change = ({ label, law, before, after, source }: Rewriting): string =>
  tag(
    'div',
    { class: 'change' },
    said('div', { class: 'quiet' }, `${law}  (${label})${source === undefined ? '' : ` · from ${source}`}`),
    said('pre', { class: 'was' }, before),
    said('pre', { class: 'is' }, after),
  )

const section = (s: Stage, before: string | undefined): string =>
  tag(
    'section',
    {},
    said('h1', {}, `${s.of}: ${s.title}`),
    said('p', { class: 'quiet' }, s.size),
    s.rewriting === undefined ? '' : change(s.rewriting),
    s.text === undefined ? '' : marked(s.text, before),
  )

const choice = (title: string, values: readonly string[]): string =>
  tag(
    'select',
    { 'aria-label': title },
    said('option', { value: '' }, title),
    ...[...new Set(values)].toSorted().map((v) => said('option', { value: v }, v)),
  )

export const stepper = (title: string, stages: readonly Stage[], note: string): string => {
  const items = stages.map((s, i) => {
    const heading = stages[i - 1]?.of === s.of ? '' : said('h2', {}, s.of)
    const all = { 'data-rule': s.rewriting?.rule ?? '', 'data-line': s.rewriting?.source ?? '' }
    const own = said('button', { ...all, class: s.rewriting === undefined ? 'pass' : 'rule' }, s.title)
    return heading + tag('li', {}, own)
  })
  let last: { readonly of: string; readonly text: string } | undefined
  const sections = stages.map((s) => {
    const made = section(s, last?.of === s.of && s.rewriting !== undefined ? last.text : undefined)
    if (s.text !== undefined) last = { of: s.of, text: s.text }
    return made
  })
  const nav = tag(
    'nav',
    {},
    said('h1', {}, title),
    choice(
      'all rules',
      stages.flatMap((s) => s.rewriting?.rule ?? []),
    ),
    ' ',
    choice(
      'all lines',
      stages.flatMap((s) => s.rewriting?.source ?? []),
    ),
    tag('ol', {}, ...items),
  )
  const bar = tag(
    'div',
    { class: 'bar' },
    said('button', { id: 'back', 'aria-label': 'back' }, '←'),
    said('button', { id: 'on', 'aria-label': 'on' }, '→'),
    tag('output', {}),
    said('span', { class: 'quiet' }, note),
  )
  return page(title, style, nav + tag('main', {}, bar, ...sections), script)
}
