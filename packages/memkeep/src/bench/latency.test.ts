import { describe, expect, it } from 'vitest'
import { LatencyRecorder, sampleEvery } from './latency.ts'

describe('LatencyRecorder', () => {
  it('summarizes in microseconds, whatever the order', () => {
    const recorder = new LatencyRecorder()
    for (let milliseconds = 100; milliseconds >= 1; milliseconds--) recorder.add(milliseconds)
    expect(recorder.summarize()).toEqual({ p50: 50_000, p99: 99_000 })
  })

  it('forgets', () => {
    const recorder = new LatencyRecorder()
    recorder.add(1_000)
    recorder.reset()
    recorder.add(1)
    expect(recorder.summarize()).toEqual({ p50: 1_000, p99: 1_000 })
  })

  it('keeps the last samples when there are too many', () => {
    const recorder = new LatencyRecorder()
    for (let sample = 0; sample < 100_000; sample++) recorder.add(1)
    for (let sample = 0; sample < 70_000; sample++) recorder.add(2)
    expect(recorder.summarize()).toEqual({ p50: 2_000, p99: 2_000 })
  })
})

describe('sampleEvery', () => {
  it('times every request at low rates, and few at high ones', () => {
    expect(sampleEvery(0)).toBe(1)
    expect(sampleEvery(10_000)).toBe(1)
    expect(sampleEvery(1_000_000)).toBe(50)
  })
})
