// In: the pages of a model. Out: whether a person can step through one, and read the other.

import { expect, test } from 'vitest'
import { tracePage } from '../../compiler/trace.ts'
import { add, div, exp, input, log, neg, sum } from '../../src/index.ts'
import { withPage } from './chromium.ts'

const model = { penalty: neg(sum(log(div(1, add(1, exp(neg(input('x', [3])))))))) }

test('a compilation is stepped through with the keyboard, the buttons and the list', async () => {
  const made = tracePage(model, { title: 'penalty' })
  const html = made._tag === 'Right' ? made.right : ''
  await withPage({ '/index.html': html }, async (page) => {
    const shown = (): Promise<readonly string[]> => page.locator('section:visible h1').allTextContents()
    expect(await shown()).toEqual(['model: before'])
    await page.keyboard.press('ArrowRight')
    expect(await shown()).toEqual(['model: div-one-plus-exp'])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowLeft')
    expect(await shown()).toEqual(['model: div-one-plus-exp'])
    await page.keyboard.press('End')
    expect(await shown()).toEqual(['all entries: plan'])
    await page.keyboard.press('ArrowRight')
    expect(await shown()).toEqual(['all entries: plan'])
    await page.keyboard.press('Home')
    await page.locator('#on').click()
    expect(await page.locator('output').textContent()).toMatch(/^2 of \d+$/)
    await page.getByRole('button', { name: 'mul-minus-one' }).click()
    expect(await shown()).toEqual(['gradient of penalty: mul-minus-one'])
    await page.getByLabel('all rules').selectOption('log-sigmoid')
    expect(await shown()).toEqual(['model: log-sigmoid'])
    expect(await page.locator('nav button:visible').count()).toBe(1)
  })
})
