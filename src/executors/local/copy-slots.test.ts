import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as pause } from 'node:timers/promises'
import { CopySlots } from './copy-slots.ts'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number += 1) yield number
}

describe('copy slots', () => {
  it('bound how much goes on at one time, whoever asks, and do everything', async () => {
    const slots = new CopySlots(3)
    const done: number[] = []
    let going = 0
    let most = 0
    const work = async (number: number): Promise<void> => {
      going += 1
      most = Math.max(most, going)
      await pause()
      going -= 1
      done.push(number)
    }
    await Promise.all([
      slots.each(numbers(20), work),
      slots.each(numbers(20), work),
      slots.use(() => work(-1)),
    ])

    assert.equal(most, 3)
    assert.equal(done.length, 41)
  })

  it('begin nothing more after a failure, wait for what was begun, and are free again', async () => {
    const slots = new CopySlots(2)
    let ended = 0
    const work = async (number: number): Promise<void> => {
      await pause()
      if (number === 1) throw new Error('broken')
      await pause()
      ended += 1
    }

    await assert.rejects(slots.each(numbers(1_000), work), /broken/)
    const before = ended
    await pause()
    assert.equal(ended, before)
    assert.ok(ended < 10)
    assert.equal(await slots.use(async () => 'free'), 'free')
  })

  it('wait for what was begun when the list itself fails', async () => {
    const slots = new CopySlots(2)
    let ended = 0
    async function* broken(): AsyncGenerator<number> {
      yield 1
      throw new Error('no list')
    }
    const work = async (): Promise<void> => {
      await pause()
      ended += 1
    }
    await assert.rejects(slots.each(broken(), work), /no list/)
    assert.equal(ended, 1)
  })
})
