import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  context,
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Counter,
  type Histogram,
  type MeterProvider,
  type Span,
  type TracerProvider,
} from '@opentelemetry/api'
import { DEFAULT_PORT, formatEndpoint, MemkeepError, type Endpoint } from '@memkeep/core'
import { readOwnOptions } from '@memkeep/core/internal'
import { channels, type CommandMessage, type EjectMessage, type RewrapMessage } from './channels.ts'

/** Options of {@link instrumentOpenTelemetry}. */
export interface OpenTelemetryOptions {
  /** Where spans go. Default: the global provider. */
  readonly tracerProvider?: TracerProvider
  /** Where metrics go. Default: the global provider. */
  readonly meterProvider?: MeterProvider
}

/** What {@link instrumentOpenTelemetry} hands out: `using` or `disable()` ends it. */
export interface OpenTelemetryInstrumentation extends Disposable {
  /**
   * Stops listening. Calling it again does nothing. A request under way leaves neither span nor measurement, so
   * close the clients first.
   */
  readonly disable: () => void
}

/** What `@memkeep/encryption` publishes; the layers are handed in, so its name is all that is known of it here. */
const ENCRYPTION_FAILURE_CHANNEL = 'memkeep:encryption:failure'
interface EncryptionFailure {
  readonly code: string
  readonly keyId: string | undefined
}
const KEY_IDS_LIMIT = 32

const SCOPE = '@memkeep/client'
const OPTIONS = ['tracerProvider', 'meterProvider']

/**
 * Makes OpenTelemetry spans and metrics of what every `MemcachedClient` of this process does, by the stable semantic
 * conventions for database clients. Needs the optional peer `@opentelemetry/api`.
 *
 * - One span of kind CLIENT per request to a server, a child of the caller's active span, named
 *   `get cache1:11211`: `db.system.name`, `db.operation.name` (the client's method), `server.address` (the path for a
 *   Unix socket), `server.port` (unless 11211), `memkeep.outcome` (`hit`, `miss`, `stored` …), and
 *   `memkeep.key_count` for `getMany`.
 * - The histogram `db.client.operation.duration` in seconds, with the same attributes but the count.
 * - The counter `memkeep.client.ejections` of servers taken out for their faults.
 * - The counter `memkeep.client.rewraps` of values that were to be stored anew, with `memkeep.outcome`.
 * - The counter `memkeep.encryption.failures` of values that did not open, with `error.type` and `memkeep.key_id`: the
 *   id that the value names, or `other` for those after the first 32, since who writes to the server chooses them.
 *
 * A miss is no error. A failed request has the status ERROR and an `error.type`: the code of a `MemkeepError`, the
 * `name` of any other error, `_OTHER` for what is no error at all. Only a `MemkeepError`'s message becomes the status
 * description, since others may quote a value. Keys are in `memkeep.keys` of a span if the client was told
 * `telemetry: { keys: true }`, and never in a metric; values are nowhere.
 *
 * Call it once, at any time before the first command; the global providers must be registered by then.
 *
 * ```ts
 * import { instrumentOpenTelemetry } from '@memkeep/client/opentelemetry'
 *
 * const instrumentation = instrumentOpenTelemetry()
 * // … and when the process ends:
 * instrumentation.disable()
 * ```
 *
 * @throws TypeError for an unknown option
 * @see https://opentelemetry.io/docs/specs/semconv/db/database-spans/
 */
export function instrumentOpenTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetryInstrumentation {
  const own = readOwnOptions('instrumentOpenTelemetry', options, OPTIONS)
  const { tracerProvider = trace.getTracerProvider(), meterProvider } = own
  const tracer = tracerProvider.getTracer(SCOPE)
  const spans = new WeakMap<CommandMessage, Span>()
  // The API's global tracer waits for an SDK, its global meter does not: one taken too early would stay a no-op.
  let instruments: Instruments | undefined
  const measure = (): Instruments =>
    (instruments ??= createInstruments(meterProvider ?? metrics.getMeterProvider()))

  // `start` is published synchronously in the caller, so what is active here is the caller's span. The new span is
  // not made the active one: `bindStore` would need the context manager's own AsyncLocalStorage, which the API does
  // not give out (open-telemetry/opentelemetry-js#6088), and a store that only forwards `run` to `context.with` is
  // passed over from Node 26 on. So spans from inside the command, of a DNS lookup say, become its siblings.
  const start = (message: unknown): void => {
    const command = message as CommandMessage
    const name = `${command.operation} ${formatEndpoint(command.endpoint)}`
    const attributes = { ...commandAttributes(command), ...keyAttributes(command) }
    spans.set(command, tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, context.active()))
  }

  // The result is there with `asyncStart`; `asyncEnd` may come after work that is the caller's.
  const asyncStart = (message: unknown): void => {
    const command = message as CommandMessage
    const span = spans.get(command)
    if (span === undefined) return
    spans.delete(command)
    const result = resultAttributes(command)
    span.setAttributes(result)
    if (command.outcome === 'error') {
      span.setStatus({ code: SpanStatusCode.ERROR, ...statusDescription(command.error) })
    }
    span.end()
    if (command.duration === undefined) return
    const attributes = { ...commandAttributes(command), ...result }
    measure().duration.record(command.duration / 1000, attributes, trace.setSpan(ROOT_CONTEXT, span))
  }

  const eject = (message: unknown): void => {
    const { endpoint, error } = message as EjectMessage
    const attributes = serverAttributes(endpoint)
    if (error !== undefined) attributes['error.type'] = errorType(error)
    measure().ejections.add(1, attributes)
  }

  const keyIds = new Set<string>()
  const boundedKeyId = (id: string): string => {
    if (keyIds.size < KEY_IDS_LIMIT) keyIds.add(id)
    return keyIds.has(id) ? id : 'other'
  }
  const encryptionFailure = (message: unknown): void => {
    const { code, keyId } = message as EncryptionFailure
    const attributes: Attributes = { 'error.type': code }
    if (keyId !== undefined) attributes['memkeep.key_id'] = boundedKeyId(keyId)
    measure().encryptionFailures.add(1, attributes)
  }

  const rewrap = (message: unknown): void => {
    const { outcome, error } = message as RewrapMessage
    const attributes: Attributes = { 'memkeep.outcome': outcome }
    if (error !== undefined) attributes['error.type'] = errorType(error)
    measure().rewraps.add(1, attributes)
  }

  const listeners = [
    [channels.command.start.name, start],
    [channels.command.asyncStart.name, asyncStart],
    [channels.eject.name, eject],
    [channels.rewrap.name, rewrap],
    [ENCRYPTION_FAILURE_CHANNEL, encryptionFailure],
  ] as const
  for (const [name, listener] of listeners) subscribe(name, listener)

  const disable = (): void => {
    for (const [name, listener] of listeners) unsubscribe(name, listener)
  }
  return { disable, [Symbol.dispose]: disable }
}

interface Instruments {
  readonly duration: Histogram
  readonly ejections: Counter
  readonly rewraps: Counter
  readonly encryptionFailures: Counter
}

function createInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(SCOPE)
  return {
    duration: meter.createHistogram('db.client.operation.duration', {
      description: 'Duration of database client operations.',
      unit: 's',
      advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
    }),
    ejections: meter.createCounter('memkeep.client.ejections', {
      description: 'Servers that the client took out for their faults.',
      unit: '{ejection}',
    }),
    rewraps: meter.createCounter('memkeep.client.rewraps', {
      description: 'Values that were to be stored anew in the background.',
      unit: '{value}',
    }),
    encryptionFailures: meter.createCounter('memkeep.encryption.failures', {
      description: 'Values that did not open.',
      unit: '{value}',
    }),
  }
}

function commandAttributes(command: CommandMessage): Attributes {
  return {
    'db.system.name': 'memcached',
    'db.operation.name': command.operation,
    ...serverAttributes(command.endpoint),
  }
}

function serverAttributes(endpoint: Endpoint): Attributes {
  if ('path' in endpoint) return { 'server.address': endpoint.path }
  // The convention leaves out the port that is the database's default.
  if (endpoint.port === DEFAULT_PORT) return { 'server.address': endpoint.host }
  return { 'server.address': endpoint.host, 'server.port': endpoint.port }
}

/** The convention calls one operation on several keys no batch: no `BATCH` in its name, no `db.operation.batch.size`. */
function keyAttributes(command: CommandMessage): Attributes {
  const attributes: Attributes = {}
  if (command.operation === 'getMany') attributes['memkeep.key_count'] = command.keyCount
  if (command.keys !== undefined) attributes['memkeep.keys'] = [...command.keys]
  return attributes
}

function resultAttributes(command: CommandMessage): Attributes {
  const attributes: Attributes = {}
  if (command.outcome !== undefined) attributes['memkeep.outcome'] = command.outcome
  if (command.outcome === 'error') attributes['error.type'] = errorType(command.error)
  return attributes
}

function errorType(error: unknown): string {
  if (error instanceof MemkeepError) return error.code
  return error instanceof Error ? error.name : '_OTHER'
}

/** A MemkeepError promises to hold no secret; a stranger's may quote the value, as `JSON.parse` does. */
function statusDescription(error: unknown): { readonly message?: string } {
  return error instanceof MemkeepError ? { message: error.message } : {}
}
