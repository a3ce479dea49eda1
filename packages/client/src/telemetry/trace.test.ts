import { describe, expect, it } from 'vitest'
import type { Operation, Outcome } from './channels.ts'
import { outcomeOf } from './trace.ts'

describe('the outcome of a command', () => {
  it.each<[Operation, unknown, Outcome]>([
    ['get', Buffer.from('x'), 'hit'],
    ['get', undefined, 'miss'],
    ['gets', { value: Buffer.from('x') }, 'hit'],
    ['getAndTouch', undefined, 'miss'],
    ['getMany', true, 'hit'],
    ['getMany', false, 'miss'],
    ['set', true, 'stored'],
    ['add', false, 'not-stored'],
    ['cas', 'exists', 'exists'],
    ['cas', 'not-found', 'not-found'],
    ['cas', 'stored', 'stored'],
    ['delete', true, 'deleted'],
    ['delete', false, 'not-found'],
    ['touch', true, 'ok'],
    ['touch', false, 'not-found'],
    ['increment', 0n, 'stored'],
    ['decrement', undefined, 'not-found'],
    ['flushAll', true, 'ok'],
    ['stats', new Map(), 'ok'],
    ['version', '1.6.18', 'ok'],
  ])('%s with %o is %s', (operation, result, outcome) => {
    expect(outcomeOf(operation, result)).toBe(outcome)
  })
})
