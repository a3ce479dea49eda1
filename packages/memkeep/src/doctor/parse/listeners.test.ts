import { expect, test } from 'vitest'
import { parseListeners } from './listeners.ts'

test.each([
  ['NULL', undefined, false],
  ['*', undefined, false],
  ['0.0.0.0', undefined, false],
  ['0.0.0.0:11211', undefined, false],
  ['::', undefined, false],
  ['[::]:11211', undefined, false],
  ['127.0.0.1', '127.0.0.1', false],
  ['127.0.0.1:11211', '127.0.0.1', false],
  ['cache1.example', 'cache1.example', false],
  ['::1', '::1', false],
  ['[::1]', '::1', false],
  ['[2001:db8::1]:11211', '2001:db8::1', false],
  ['notls:127.0.0.1:11212', '127.0.0.1', true],
  ['notls:[::1]:11212', '::1', true],
  ['mtls:10.0.0.5:11211', '10.0.0.5', false],
  ['btls:proto[ascii]:tag_tools_:10.0.0.5:11212', '10.0.0.5', false],
  ['notls:proto[binary]:tag[services]:10.0.0.5:11212', '10.0.0.5', true],
  ['notls:*', undefined, true],
])('%s', (inter, host, withoutTls) => {
  expect(parseListeners(inter).map((each) => ({ host: each.host, withoutTls: each.withoutTls }))).toEqual([
    { host, withoutTls },
  ])
})

test('several, by comma or semicolon', () => {
  expect(parseListeners('127.0.0.1, 10.0.0.5:11211;notls:[::1]:11212').map(({ text }) => text)).toEqual([
    '127.0.0.1',
    '10.0.0.5:11211',
    'notls:[::1]:11212',
  ])
})

test('nothing is none', () => {
  expect(parseListeners('')).toEqual([])
})
