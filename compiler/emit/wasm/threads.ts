/**
 * How threads share the work of an entry. In: a plan with splits, the functions of its kernels. Out: a function a split step (a
 * job), one that runs a job with everybody's help, and the exported one that helpers call.
 * Invariant: whoever claims a part runs all of it, and the caller goes on when every part has been run; it takes parts itself
 * and waits for claimed ones alone, never for a helper that has not begun.
 *
 * The word at `state` says which job there is, how many parts it has and which is the next: a part is claimed by adding one to
 * it, and what lay there before tells the part and whose it is. So a helper that comes late can mistake nothing.
 */
import { CONTROL, THREADS_IMPORT, WORK_EXPORT } from '../../../src/artifact/manifest.ts'
import { bytesOf } from '../../../src/core/dtype.ts'
import type { Plan, PlanBuffer, PlanStep, PlanThreads } from '../../plan/plan.ts'
import type { EmitContext, Node } from './function.ts'
import { type Patience, patienceOf } from './patience.ts'

/** Byte offsets within the control area; what is written often has a cache line of its own. */
const AT = { ...CONTROL, state: 0, sleepers: 128, waiting: 136, trips: 192 } as const

/** Parts of a job, and claims beyond the last one, are counted in so many bits. */
const COUNT_BITS = 16

/** Nanoseconds of the caller's sleep, should nobody wake it. */
const NAP = 1_000_000n

export interface Threads {
  /** Puts a loop's trip where jobs find it. */
  readonly setTrip: (loop: number, trip: Node) => Node
  /** The call that runs a split step with everybody's help; `address` is told how to find a loop's trip. */
  readonly share: (
    step: PlanStep,
    kernel: string,
    address: (buffer: number, tripOf: (loop: number) => Node) => Node,
  ) => Node
  /** Adds what all jobs share; to be called when they are made. */
  readonly finish: () => void
}

/** The words of the control area as code. */
const wordsOf = ({ module: { i32, i64, drop } }: EmitContext, { control }: PlanThreads) => {
  const base = (): Node => i32.const(control)
  const add = (at: number, by: number): Node => i32.atomic.rmw.add(at, base(), i32.const(by))
  const low = (state: Node): Node => i32.wrap(state)
  const nextOf = (state: Node): Node => i32.and(low(state), i32.const(2 ** COUNT_BITS - 1))
  const partsOf = (state: Node): Node => i32.shr_u(low(state), i32.const(COUNT_BITS))
  return {
    base,
    get: (at: number): Node => i32.atomic.load(at, base()),
    set: (at: number, value: number): Node => i32.atomic.store(at, base(), i32.const(value)),
    add: (at: number, by: number): Node => drop(add(at, by)),
    trip: (loop: number): Node => i32.load(AT.trips + 4 * loop, 4, base()),
    setTrip: (loop: number, trip: Node): Node => i32.store(AT.trips + 4 * loop, 4, base(), trip),
    state: (): Node => i64.atomic.load(AT.state, base()),
    publish: (job: Node, parts: Node): Node =>
      i64.atomic.store(
        AT.state,
        base(),
        i64.or(i64.shl(i64.extend_u(job), i64.const(32n)), i64.extend_u(i32.shl(parts, i32.const(COUNT_BITS)))),
      ),
    claim: (): Node => i64.atomic.rmw.add(AT.state, base(), i64.const(1n)),
    nextOf,
    isOpen: (state: () => Node): Node => i32.lt_u(nextOf(state()), partsOf(state())),
    jobOf: (state: Node): Node => i32.wrap(i64.shr_u(state, i64.const(32n))),
  }
}

type Words = ReturnType<typeof wordsOf>

/** What all jobs share, by the names of functions. */
interface Names {
  readonly wake: string
  readonly perform: string
  readonly share: string
}

/** perform(job, part, thread) */
const addPerform = ({ module: m, binaryen: b }: EmitContext, { perform }: Names, jobs: readonly string[]): void => {
  const get = (i: number): Node => m.local.get(i, b.i32)
  const label = (k: number): string => `job_${k}`
  const labels = jobs.map((_, k) => label(k))
  // block k ends where job k is called: the table of branches stands in the innermost one
  const body = jobs.reduce(
    (inner, job, k) => m.block(null, [m.block(label(k), [inner]), m.call(job, [get(1), get(2)], b.none), m.return()]),
    m.switch(labels, labels.at(-1) ?? '', get(0)),
  )
  m.addFunction(perform, b.createType([b.i32, b.i32, b.i32]), b.none, [], jobs.length === 0 ? m.nop() : body)
}

/** share(job, parts): the thread that runs the entry. */
const addShare = (context: EmitContext, w: Words, patience: Patience, names: Names): void => {
  const { module: m, binaryen: b } = context
  const { i32 } = m
  const [job, parts, part, rest, spins, seen] = [0, 1, 2, 3, 4, 5]
  const get = (i: number): Node => m.local.get(i as number, b.i32)
  const increase = (i: number, by: number): Node => m.local.set(i, i32.add(get(i), i32.const(by)))
  const perform = (): Node => m.call(names.perform, [get(job), get(part), i32.const(0)], b.none)
  const alone = m.loop(
    'alone',
    m.block(null, [perform(), increase(part, 1), m.br_if('alone', i32.lt_u(get(part), get(parts)))]),
  )
  const claims = m.loop(
    'claims',
    m.block(null, [
      m.local.set(part, w.nextOf(w.claim())),
      m.if(i32.lt_u(get(part), get(parts)), m.block(null, [perform(), increase(rest, -1), m.br('claims')])),
    ]),
  )
  const sleep = m.block(null, [
    patience.missed(),
    w.set(AT.waiting, 1),
    m.local.set(seen, w.get(AT.done)),
    m.if(
      i32.ne(get(seen), get(rest)),
      m.drop(m.memory.atomic.wait32(i32.add(w.base(), i32.const(AT.done)), get(seen), m.i64.const(NAP))),
    ),
    w.set(AT.waiting, 0),
    m.local.set(spins, i32.const(0)),
  ])
  const waits = m.loop(
    'waits',
    m.if(
      i32.ne(w.get(AT.done), get(rest)),
      m.block(null, [
        m.if(i32.and(patience.isOver(get(spins)), w.get(AT.mayWait)), sleep, increase(spins, 1)),
        m.br('waits'),
      ]),
    ),
  )
  const together = m.block(null, [
    w.publish(get(job), get(parts)),
    m.if(w.get(AT.sleepers), m.call(names.wake, [], b.none)),
    m.local.set(rest, get(parts)),
    claims,
    waits,
    m.if(get(spins), patience.paid()),
    w.set(AT.done, 0),
    m.if(w.get(AT.failed), m.unreachable()),
  ])
  const locals = [b.i32, b.i32, b.i32, b.i32]
  m.addFunction(names.share, b.createType([b.i32, b.i32]), b.none, locals, m.if(w.get(AT.helpers), together, alone))
}

/** work(thread): a helper, until there has been nothing to do for a while; then it may sleep until `wake`. */
const addWork = (context: EmitContext, w: Words, patience: Patience, names: Names): void => {
  const { module: m, binaryen: b } = context
  const { i32 } = m
  const [thread, spins, state] = [0, 1, 2]
  const get = (i: number): Node => m.local.get(i, b.i32)
  const seen = (): Node => m.local.get(state, b.i64)
  const look = (node: Node): Node => m.local.set(state, node)
  for (const name of ['joined', 'asleep']) m.addGlobal(name, b.i32, true, i32.const(0))
  const global = (name: string): Node => m.global.get(name, b.i32)
  const did = m.block(null, [
    m.call(names.perform, [w.jobOf(seen()), w.nextOf(seen()), get(thread)], b.none),
    w.add(AT.done, 1),
    m.if(w.get(AT.waiting), m.drop(m.memory.atomic.notify(i32.add(w.base(), i32.const(AT.done)), i32.const(1)))),
    m.if(get(spins), patience.paid()),
    m.local.set(spins, i32.const(0)),
  ])
  const works = m.loop(
    'works',
    m.block(null, [
      look(w.state()),
      m.if(w.isOpen(seen), m.block(null, [look(w.claim()), m.if(w.isOpen(seen), did), m.br('works')])),
      m.if(
        i32.eqz(patience.isOver(get(spins))),
        m.block(null, [m.local.set(spins, i32.add(get(spins), i32.const(1))), m.br('works')]),
      ),
      patience.missed(),
      m.local.set(spins, i32.const(0)),
      // who publishes looks at the sleepers, and who goes to sleep at what is published: one of the two sees the other
      w.add(AT.sleepers, 1),
      look(w.state()),
      m.if(w.isOpen(seen), m.block(null, [w.add(AT.sleepers, -1), m.br('works')])),
      m.global.set('asleep', i32.const(1)),
    ]),
  )
  const body = m.block(null, [
    m.if(global('asleep'), m.block(null, [m.global.set('asleep', i32.const(0)), w.add(AT.sleepers, -1)])),
    m.if(i32.eqz(global('joined')), m.block(null, [m.global.set('joined', i32.const(1)), w.add(AT.helpers, 1)])),
    works,
  ])
  const name = context.unique('work')
  m.addFunction(name, b.i32, b.none, [b.i32, b.i64], body)
  m.addFunctionExport(name, WORK_EXPORT)
}

export const emitThreads = (context: EmitContext, plan: Plan): Threads | null => {
  const { threads } = plan
  if (threads === undefined) return null
  const { module: m, binaryen: b } = context
  const { i32 } = m
  const w = wordsOf(context, threads)
  const patience = patienceOf(context)
  const jobs: string[] = []
  const names = { wake: context.unique('wake'), perform: context.unique('perform'), share: context.unique('share') }
  /** The place of this thread's own among areas that lie `bytes` apart. */
  const own = (at: Node, bytes: number): Node =>
    bytes === 0 ? at : i32.add(at, i32.mul(m.local.get(1, b.i32), i32.const(bytes)))
  const apart = ({ elements, dtype }: PlanBuffer): number => (elements * bytesOf(dtype)) / threads.most
  return {
    setTrip: w.setTrip,
    share: (step, kernel, address) => {
      const called = plan.kernels[step.kernel]
      const args = step.bindings.map((id, i) => {
        const isScratch = called?.tag !== 'contraction' && called?.buffers[i]?.mode === 'scratch'
        return own(address(id, w.trip), isScratch ? apart(plan.buffers[id] as PlanBuffer) : 0)
      })
      const scratch = own(i32.const(step.scratch), step.scratchBytes / threads.most)
      const name = context.unique(`job_${jobs.length}`)
      const body = m.call(kernel, [...args, scratch, m.local.get(0, b.i32)], b.none)
      m.addFunction(name, b.createType([b.i32, b.i32]), b.none, [], body)
      const parts = threads.splits[step.kernel]?.parts ?? 1
      return m.call(names.share, [i32.const(jobs.push(name) - 1), i32.const(parts)], b.none)
    },
    finish: () => {
      m.addFunctionImport(names.wake, THREADS_IMPORT, 'wake', b.none, b.none)
      addPerform(context, names, jobs)
      patience.declare()
      addShare(context, w, patience, names)
      addWork(context, w, patience, names)
    },
  }
}
