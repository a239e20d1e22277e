/**
 * A picture to move about in. In: a title and a picture in SVG. Out: a page of HTML.
 * Invariant: without a script the whole picture can be scrolled; the script changes what is seen of it and nothing else.
 */
import { page, said, tag } from '../page.ts'

const style = `body{height:100vh;display:flex;flex-direction:column}
header{display:flex;gap:8px;align-items:center;padding:8px 14px;border-bottom:1px solid var(--rule);background:var(--raised)}
header h1{margin:0 auto 0 0}header button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--rule);border-radius:4px;padding:3px 10px}
main{flex:1;overflow:auto;background:#fff;cursor:grab}main.held{cursor:grabbing}main svg{display:block}
svg.asked .line,svg.asked .box{opacity:.25}svg.asked .near{opacity:1}svg.asked .box:has(.near){opacity:1}svg.asked .near .box,svg.asked .near .line{opacity:1}
svg .line.near path{stroke-width:2.2}`

const script = `const main=document.querySelector('main'),svg=main.querySelector('svg'),box=svg.viewBox.baseVal
const told=document.querySelector('output');let scale=1
const zoom=(to,x=main.clientWidth/2,y=main.clientHeight/2)=>{to=Math.min(4,Math.max(.1,to))
const px=(main.scrollLeft+x)/scale,py=(main.scrollTop+y)/scale;scale=to
svg.setAttribute('width',box.width*to);svg.setAttribute('height',box.height*to)
main.scrollLeft=px*to-x;main.scrollTop=py*to-y;told.textContent=Math.round(to*100)+' %'}
const fit=()=>zoom(Math.min(1,main.clientWidth/box.width))
const by={whole:()=>zoom(Math.min(main.clientWidth/box.width,main.clientHeight/box.height)),width:fit,less:()=>zoom(scale/1.25),more:()=>zoom(scale*1.25)}
for(const b of document.querySelectorAll('header button'))b.onclick=by[b.id]
main.addEventListener('wheel',e=>{if(!e.ctrlKey&&!e.metaKey)return;e.preventDefault()
zoom(scale*Math.exp(-e.deltaY/300),e.clientX-main.offsetLeft,e.clientY-main.offsetTop)},{passive:false})
main.onpointerdown=e=>{if(e.button!==0)return;main.setPointerCapture(e.pointerId);main.classList.add('held')
const[x,y]=[main.scrollLeft+e.clientX,main.scrollTop+e.clientY]
main.onpointermove=m=>{main.scrollLeft=x-m.clientX;main.scrollTop=y-m.clientY}}
main.onpointerup=main.onpointercancel=()=>{main.onpointermove=null;main.classList.remove('held')}
addEventListener('keydown',e=>{if(e.key==='+')by.more();if(e.key==='-')by.less();if(e.key==='0')fit()})
const boxes=new Map([...svg.querySelectorAll('.box')].map(b=>[b.dataset.id,b])),lines=[...svg.querySelectorAll('.line')]
const ask=id=>{svg.querySelectorAll('.near').forEach(n=>n.classList.remove('near'));svg.classList.toggle('asked',id!==undefined)
if(id===undefined)return;boxes.get(id).classList.add('near')
for(const l of lines)if([l.dataset.from,l.dataset.to].includes(id)){l.classList.add('near')
for(const o of[l.dataset.from,l.dataset.to])boxes.get(o)?.classList.add('near')}}
svg.addEventListener('pointerover',e=>{if(!main.classList.contains('held'))ask(e.target.closest('.box')?.dataset.id)})
svg.addEventListener('pointerleave',()=>ask(undefined));fit()`

export const graphDocument = (title: string, svg: string): string => {
  const buttons = [
    ['less', '−', 'smaller'],
    ['more', '+', 'larger'],
    ['width', 'width', 'as wide as the window'],
    ['whole', 'all', 'the whole picture'],
  ] as const
  return page(
    title,
    style,
    tag(
      'header',
      {},
      said('h1', {}, title),
      said(
        'span',
        { class: 'quiet' },
        'drag to move · ctrl and wheel to zoom · point at a box for what it reads and who reads it',
      ),
      tag('output', {}),
      ...buttons.map(([id, text, label]) => said('button', { id, 'aria-label': label, title: label }, text)),
    ) + tag('main', {}, svg),
    script,
  )
}
