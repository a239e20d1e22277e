// In: the page of a model's graph. Out: whether a person can move about in it.

import { expect, test } from 'vitest'
import { graphPage } from '../../compiler/views.ts'
import { input, matmul, mean, param, square, tanh, zeros } from '../../src/index.ts'
import { withPage } from './chromium.ts'

const h = tanh(matmul(input('x', [8, 4]), param('w', [4, 3], zeros)))

test('a graph is zoomed with buttons, keys and the wheel, moved by hand, and tells the neighbours of a box', async () => {
  const made = graphPage({ loss: mean(square(h)) }, { title: 'loss' })
  const html = made._tag === 'Right' ? made.right : ''
  await withPage({ '/index.html': html }, async (page) => {
    await page.setViewportSize({ width: 500, height: 300 })
    const scale = async (): Promise<number> => Number.parseInt((await page.locator('output').textContent()) ?? '', 10)
    await page.locator('#width').click()
    const fitting = await scale()
    expect(fitting).toBeLessThan(50)
    await page.locator('#more').click()
    await page.keyboard.press('+')
    await page.keyboard.press('+')
    const near = await scale()
    expect(near).toBeGreaterThan(1.5 * fitting)

    const left = (): Promise<number> => page.locator('main').evaluate((m) => m.scrollLeft)
    const before = await left()
    await page.mouse.move(300, 250)
    await page.mouse.down()
    await page.mouse.move(260, 250)
    await page.mouse.up()
    expect((await left()) - before).toBe(40)

    await page.keyboard.press('0')
    expect(await scale()).toBe(fitting)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -300)
    await page.keyboard.up('Control')
    await expect.poll(scale).toBeGreaterThan(2 * fitting)

    await page.keyboard.press('0')
    await page.locator('.box > text').filter({ hasText: 'tanh' }).hover()
    const told = await page.locator('.box.near').allTextContents()
    expect(told.some((t) => t.includes('∂loss/∂w'))).toBe(true)
    expect(told.some((t) => t.includes('h₂ = h₁²'))).toBe(true)
    await page.mouse.move(250, 10)
    expect(await page.locator('.near').count()).toBe(0)
  })
})
