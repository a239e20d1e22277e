// Writes what the main job leaves behind. In: a folder and files as bytes or text. Out: their paths.
// Invariant: a file is written beside its place and then renamed, so that none is ever half there.

import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const writeAll = async (
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<readonly string[]> => {
  await mkdir(folder, { recursive: true })
  return Promise.all(
    Object.entries(files).map(async ([name, content]) => {
      const path = join(folder, name)
      await writeFile(`${path}.part`, content)
      await rename(`${path}.part`, path)
      return path
    }),
  )
}
