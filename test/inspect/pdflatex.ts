// In: formulas in LaTeX, each with a title. Out: what pdfLaTeX has to say against them, set in one document.
// Invariant: nothing is written but into a folder of its own, which goes; where there is no pdfLaTeX, that is said loudly,
// and under CI=true it is a failure.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export interface Titled {
  readonly title: string
  readonly latex: string
}

const pdflatex = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'pdflatex'))
  .find((path) => existsSync(path))

/** Whether there is a pdfLaTeX; `without` says what is left out where there is none. */
export const hasPdflatex = (without: string): boolean => {
  if (pdflatex !== undefined) return true
  const message = `SKIPPED, because there is no pdflatex on the PATH (Debian: texlive-latex-base): ${without}`
  if (process.env['CI'] === 'true') throw new Error(message)
  console.error(`\n${message}\n`)
  return false
}

const head = [
  '\\documentclass{article}',
  '\\usepackage{amsmath,amssymb}',
  '\\begin{document}',
  // columns are counted where the text is written, not here
  '\\hfuzz=\\maxdimen \\vfuzz=\\maxdimen',
]

/** Every error and every lost character, with the title of the formula that it is in. */
export const complaintsOf = (formulas: readonly Titled[]): readonly string[] => {
  const lines = [...head]
  const starts = formulas.map(({ latex }) => {
    lines.push('\\[', ...latex.split('\n'), '\\]', '\\clearpage')
    return lines.length
  })
  const folder = mkdtempSync(join(tmpdir(), 'nabla-latex-'))
  try {
    writeFileSync(join(folder, 'all.tex'), [...lines, '\\end{document}', ''].join('\n'))
    const args = ['-interaction=nonstopmode', '-file-line-error', '-no-shell-escape', '-draftmode', 'all.tex']
    const { status, error } = spawnSync(pdflatex ?? 'pdflatex', args, {
      cwd: folder,
      timeout: 120_000,
      env: { ...process.env, max_print_line: '1000' },
    })
    if (error !== undefined) throw error
    const log = existsSync(join(folder, 'all.log')) ? readFileSync(join(folder, 'all.log'), 'latin1') : ''
    const titleAt = (line: number): string => formulas[starts.findIndex((end) => line <= end)]?.title ?? 'the document'
    const found = log.split('\n').flatMap((line) => {
      const [, number, message] = /^\.\/all\.tex:(\d+): (.*)$/.exec(line) ?? []
      if (number !== undefined) return [`${titleAt(Number(number))}: ${message}`]
      return line.startsWith('Missing character') ? [line] : []
    })
    return status === 0 || found.length > 0 ? found : [`pdflatex ended with ${status}: ${log.slice(-1000)}`]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
