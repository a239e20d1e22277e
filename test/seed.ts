/**
 * Random tests in continuous integration. In: the environment. Out: with CI=true the same cases on every run, so that a change is
 * judged by what it changes; elsewhere new ones each time. Invariant: loaded ahead of every test file.
 */
import { configureGlobal } from 'fast-check'

if (process.env['CI'] === 'true') configureGlobal({ seed: 20 })
