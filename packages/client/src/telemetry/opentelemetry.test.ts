import { context, metrics, SpanKind, SpanStatusCode, trace, type TracerProvider } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MemkeepError } from '@memkeep/core'
import { encryption, Keyring } from '@memkeep/encryption'
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { channels, type CommandMessage, type EjectMessage, type RewrapMessage } from './channels.ts'
import { instrumentOpenTelemetry } from './opentelemetry.ts'

const KEY = 'session:4711'
const cache1 = { server: 'cache1:11211', endpoint: { host: 'cache1', port: 11211 } }

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0)) step()
})

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterAll(() => {
  context.disable()
})

/** Providers that keep everything in memory. */
class Sdk {
  readonly #spans = new InMemorySpanExporter()
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly tracerProvider: TracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#spans)],
  })
  readonly meterProvider: MeterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 2 ** 30 })],
  })

  constructor() {
    undo.push(() => void this.meterProvider.shutdown())
  }

  /** Instrumented with these providers until the test ends. */
  instrument(): ReturnType<typeof instrumentOpenTelemetry> {
    const { tracerProvider, meterProvider } = this
    const instrumentation = instrumentOpenTelemetry({ tracerProvider, meterProvider })
    undo.push(instrumentation.disable)
    return instrumentation
  }

  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans()
  }

  /** The one span there is. */
  get span(): ReadableSpan {
    const [span, ...more] = this.spans
    if (span === undefined || more.length > 0) throw new Error(`${String(this.spans.length)} spans`)
    return span
  }

  async metric(name: string): Promise<MetricData | undefined> {
    await this.meterProvider.forceFlush()
    const latest = this.#metrics.getMetrics().at(-1)
    return latest?.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .find((data) => data.descriptor.name === name)
  }
}

type Asked = Partial<Pick<CommandMessage, 'operation' | 'endpoint' | 'server' | 'keyCount' | 'keys'>>
type Told = Pick<CommandMessage, 'outcome' | 'error' | 'duration'>

/** Publishes as the client does when a method is called. */
function call(asked: Asked): CommandMessage {
  const message: CommandMessage = { operation: 'get', ...cache1, keyCount: 1, ...asked }
  channels.command.start.runStores(message, () => undefined)
  channels.command.end.publish(message)
  return message
}

/** Publishes as the client does when the result is there. */
function settle(message: CommandMessage, told: Told): void {
  Object.assign(message, told)
  if (told.outcome === 'error') channels.command.error.publish(message)
  channels.command.asyncStart.publish(message)
  channels.command.asyncEnd.publish(message)
}

function command(asked: Asked, told: Told): void {
  settle(call(asked), { duration: 2, ...told })
}

describe('the span of a command', () => {
  it('tells a hit by the conventions', () => {
    const sdk = new Sdk()
    sdk.instrument()
    command({}, { outcome: 'hit' })
    expect(sdk.span).toMatchObject({
      name: 'get cache1:11211',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      events: [],
      instrumentationScope: { name: '@memkeep/client' },
    })
    expect(sdk.span.attributes).toEqual({
      'db.system.name': 'memcached',
      'db.operation.name': 'get',
      'server.address': 'cache1',
      'memkeep.outcome': 'hit',
    })
  })

  it.each(['miss', 'not-stored', 'exists', 'not-found'] as const)('takes %s for no error', (outcome) => {
    const sdk = new Sdk()
    sdk.instrument()
    command({ operation: 'cas' }, { outcome })
    expect(sdk.span.status).toEqual({ code: SpanStatusCode.UNSET })
    expect(sdk.span.attributes).toMatchObject({ 'memkeep.outcome': outcome })
    expect(sdk.span.attributes).not.toHaveProperty('error.type')
  })

  it.each([
    [{ host: 'cache1', port: 11212 }, 'cache1:11212', { 'server.address': 'cache1', 'server.port': 11212 }],
    [{ host: '::1', port: 11211 }, '[::1]:11211', { 'server.address': '::1' }],
    [{ path: '/run/memcached.sock' }, '/run/memcached.sock', { 'server.address': '/run/memcached.sock' }],
  ])('names the server of %o', (endpoint, server, attributes) => {
    const sdk = new Sdk()
    sdk.instrument()
    command({ operation: 'version', keyCount: 0, server, endpoint }, { outcome: 'ok' })
    expect(sdk.span.name).toBe(`version ${server}`)
    expect(sdk.span.attributes).toEqual({
      'db.system.name': 'memcached',
      'db.operation.name': 'version',
      'memkeep.outcome': 'ok',
      ...attributes,
    })
  })

  it('counts the keys of getMany, which is no batch', () => {
    const sdk = new Sdk()
    sdk.instrument()
    command({ operation: 'getMany', keyCount: 3 }, { outcome: 'hit' })
    expect(sdk.span.name).toBe('getMany cache1:11211')
    expect(sdk.span.attributes).toMatchObject({ 'db.operation.name': 'getMany', 'memkeep.key_count': 3 })
    expect(sdk.span.attributes).not.toHaveProperty('db.operation.batch.size')
  })

  it('holds the keys only when the message does', () => {
    const sdk = new Sdk()
    sdk.instrument()
    command({ keys: [KEY] }, { outcome: 'hit' })
    expect(sdk.span.attributes).toMatchObject({ 'memkeep.keys': [KEY] })
  })

  it('gives a MemkeepError its code and its message', () => {
    const sdk = new Sdk()
    sdk.instrument()
    const error = new MemkeepError(
      'ERR_MEMKEEP_COMMAND_TIMEOUT',
      'cache1:11211 did not answer within 5000 ms.',
    )
    command({}, { outcome: 'error', error })
    expect(sdk.span.status).toEqual({ code: SpanStatusCode.ERROR, message: error.message })
    expect(sdk.span.attributes).toMatchObject({
      'error.type': 'ERR_MEMKEEP_COMMAND_TIMEOUT',
      'memkeep.outcome': 'error',
    })
    expect(sdk.span.events).toEqual([])
  })

  it.each([
    ['SyntaxError', new SyntaxError(`Unexpected token 's', "${KEY}" is not valid JSON`)],
    ['AbortError', new DOMException('This operation was aborted', 'AbortError')],
    ['_OTHER', KEY],
    ['_OTHER', undefined],
  ])('gives any other error its name, %s, and no message, which may quote a value', (type, error) => {
    const sdk = new Sdk()
    sdk.instrument()
    command({}, { outcome: 'error', error })
    expect(sdk.span.status).toEqual({ code: SpanStatusCode.ERROR })
    expect(sdk.span.attributes).toMatchObject({ 'error.type': type })
  })

  it("is a child of the caller's span, wherever the result comes in", async () => {
    const sdk = new Sdk()
    sdk.instrument()
    const tracer = sdk.tracerProvider.getTracer('test')
    const parents = ['first', 'second'].map((name) =>
      tracer.startActiveSpan(name, (span) => ({ span, message: call({}) })),
    )
    for (const { message } of parents) {
      await tracer.startActiveSpan('elsewhere', async () => {
        await Promise.resolve()
        settle(message, { outcome: 'hit', duration: 1 })
      })
    }
    expect(sdk.spans.map((span) => span.parentSpanContext?.spanId)).toEqual(
      parents.map(({ span }) => span.spanContext().spanId),
    )
  })

  it('is a root where no span is active', () => {
    const sdk = new Sdk()
    sdk.instrument()
    command({}, { outcome: 'hit' })
    expect(sdk.span.parentSpanContext).toBeUndefined()
  })

  it('ends with the result, not before', () => {
    const sdk = new Sdk()
    sdk.instrument()
    const message = call({})
    expect(sdk.spans).toEqual([])
    settle(message, { outcome: 'hit', duration: 1 })
    expect(sdk.spans).toHaveLength(1)
  })
})

describe('the metrics', () => {
  it('measure commands in seconds, apart by outcome and error', async () => {
    const sdk = new Sdk()
    sdk.instrument()
    const other = { host: 'cache2', port: 11212 }
    command({ keys: [KEY] }, { outcome: 'hit', duration: 2 })
    command({}, { outcome: 'hit', duration: 4 })
    command({ operation: 'getMany', keyCount: 7, endpoint: other }, { outcome: 'miss', duration: 30 })
    command({}, { outcome: 'error', error: new TypeError('no'), duration: 1500 })

    const metric = await sdk.metric('db.client.operation.duration')
    if (metric?.dataPointType !== DataPointType.HISTOGRAM) throw new Error('no histogram')
    expect(metric.descriptor).toMatchObject({
      unit: 's',
      advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
    })
    const get = { 'db.system.name': 'memcached', 'db.operation.name': 'get', 'server.address': 'cache1' }
    expect(metric.dataPoints.map(({ attributes, value }) => ({ attributes, ...value }))).toMatchObject([
      {
        attributes: { ...get, 'memkeep.outcome': 'hit' },
        count: 2,
        sum: 0.006,
        buckets: { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
      },
      {
        attributes: {
          'db.system.name': 'memcached',
          'db.operation.name': 'getMany',
          'server.address': 'cache2',
          'server.port': 11212,
          'memkeep.outcome': 'miss',
        },
        count: 1,
        sum: 0.03,
      },
      { attributes: { ...get, 'memkeep.outcome': 'error', 'error.type': 'TypeError' }, count: 1, sum: 1.5 },
    ])
    expect(JSON.stringify(metric)).not.toContain(KEY)
    expect(JSON.stringify(metric)).not.toContain('key_count')
  })

  it('count values that do not open, by reason and key id, of which not too many are kept', async () => {
    const sdk = new Sdk()
    sdk.instrument()
    const layer = encryption({ keyring: Keyring.generate() })
    const entry = { key: KEY, value: Buffer.from('v'), flags: 0 }
    const sealed = layer.encode(entry)
    layer.decode({ ...sealed, key: 'another' })
    layer.decode(entry)
    const made = Buffer.from(sealed.value)
    for (let id = 0; id < 100; id++) {
      made.writeUInt32BE(id, 5)
      layer.decode({ ...entry, value: made })
    }
    const metric = await sdk.metric('memkeep.encryption.failures')
    const points = (metric?.dataPoints ?? []).map(({ attributes, value }) => ({ ...attributes, value }))
    expect(points).toContainEqual({
      'error.type': 'ERR_MEMKEEP_DECRYPT_FAILED',
      'memkeep.key_id': sealed.value.toString('hex', 5, 9),
      value: 1,
    })
    expect(points).toContainEqual({ 'error.type': 'ERR_MEMKEEP_ENVELOPE_FOREIGN', value: 1 })
    expect(points).toContainEqual({
      'error.type': 'ERR_MEMKEEP_UNKNOWN_KEY_ID',
      'memkeep.key_id': 'other',
      value: 69,
    })
    expect(points).toHaveLength(2 + 31 + 1)
  })

  it('count what was stored anew', async () => {
    const sdk = new Sdk()
    sdk.instrument()
    channels.rewrap.publish({ outcome: 'stored' } satisfies RewrapMessage)
    channels.rewrap.publish({ outcome: 'failed', error: new TypeError('x') } satisfies RewrapMessage)
    const metric = await sdk.metric('memkeep.client.rewraps')
    expect(metric?.dataPoints.map(({ attributes, value }) => ({ ...attributes, value }))).toEqual([
      { 'memkeep.outcome': 'stored', value: 1 },
      { 'memkeep.outcome': 'failed', 'error.type': 'TypeError', value: 1 },
    ])
  })

  it('count ejections', async () => {
    const sdk = new Sdk()
    sdk.instrument()
    const error = new MemkeepError('ERR_MEMKEEP_CONNECT_FAILED', 'Cannot connect.')
    const message: EjectMessage = { ...cache1, faults: 3, error }
    channels.eject.publish(message)
    channels.reinstate.publish({ ...message, faults: 0 })
    const metric = await sdk.metric('memkeep.client.ejections')
    expect(metric?.descriptor.unit).toBe('{ejection}')
    expect(metric?.dataPoints).toMatchObject([
      { value: 1, attributes: { 'server.address': 'cache1', 'error.type': 'ERR_MEMKEEP_CONNECT_FAILED' } },
    ])
  })
})

describe('instrumentOpenTelemetry', () => {
  it('uses the global providers, also those registered after it', async () => {
    const sdk = new Sdk()
    undo.push(instrumentOpenTelemetry().disable)
    trace.setGlobalTracerProvider(sdk.tracerProvider)
    metrics.setGlobalMeterProvider(sdk.meterProvider)
    undo.push(
      () => {
        trace.disable()
      },
      () => {
        metrics.disable()
      },
    )
    command({}, { outcome: 'hit' })
    expect(sdk.span.name).toBe('get cache1:11211')
    expect((await sdk.metric('db.client.operation.duration'))?.dataPoints).toHaveLength(1)
  })

  it('works twice, side by side', async () => {
    const [one, two] = [new Sdk(), new Sdk()]
    const first = one.instrument()
    two.instrument()
    command({}, { outcome: 'hit' })
    first.disable()
    command({}, { outcome: 'miss' })
    expect(one.spans).toHaveLength(1)
    expect(two.spans).toHaveLength(2)
    expect(two.spans.map((span) => span.parentSpanContext)).toEqual([undefined, undefined])
    expect((await one.metric('db.client.operation.duration'))?.dataPoints).toHaveLength(1)
    expect((await two.metric('db.client.operation.duration'))?.dataPoints).toHaveLength(2)
  })

  it('leaves no subscriber behind, and may be disabled again', () => {
    const sdk = new Sdk()
    {
      using instrumentation = sdk.instrument()
      expect(channels.command.start.hasSubscribers).toBe(true)
      expect(channels.eject.hasSubscribers).toBe(true)
      instrumentation.disable()
    }
    for (const name of ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const) {
      expect(channels.command[name].hasSubscribers).toBe(false)
    }
    expect(channels.eject.hasSubscribers).toBe(false)
  })

  it('ignores a command that began before it', async () => {
    const message = call({})
    const sdk = new Sdk()
    sdk.instrument()
    settle(message, { outcome: 'hit', duration: 1 })
    expect(sdk.spans).toEqual([])
    expect(await sdk.metric('db.client.operation.duration')).toBeUndefined()
  })

  it('refuses options that it does not know', () => {
    expect(() => instrumentOpenTelemetry({ tracer: 1 } as object)).toThrow(TypeError)
  })
})
