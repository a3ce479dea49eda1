import { time } from '@memkeep/core/internal'
import { channels, type CommandMessage, type Operation, type Outcome } from './channels.ts'

/**
 * Runs a request and publishes its course on the tracing channel, as `TracingChannel.tracePromise` would, but
 * without the result, which is a value that nobody else may see.
 */
export function traced<T>(message: CommandMessage, run: () => Promise<T>): Promise<T> {
  const { start, end, asyncStart, asyncEnd, error } = channels.command
  const started = time.now()
  const finish = (): void => {
    message.duration = time.now() - started
  }
  const promise = start.runStores(message, () => {
    try {
      return run()
    } finally {
      end.publish(message)
    }
  })
  return promise.then(
    (result) => {
      finish()
      message.outcome = outcomeOf(message.operation, result)
      asyncStart.publish(message)
      asyncEnd.publish(message)
      return result
    },
    (reason: unknown) => {
      finish()
      message.outcome = 'error'
      message.error = reason
      error.publish(message)
      asyncStart.publish(message)
      asyncEnd.publish(message)
      throw reason
    },
  )
}

/** How an operation with that result ended. */
export function outcomeOf(operation: Operation, result: unknown): Outcome {
  switch (operation) {
    case 'get':
    case 'gets':
    case 'getAndTouch':
      return result === undefined ? 'miss' : 'hit'
    case 'getMany':
      return result === true ? 'hit' : 'miss'
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
      return result === true ? 'stored' : 'not-stored'
    case 'cas':
      return result === 'stored' || result === 'exists' ? result : 'not-found'
    case 'delete':
      return result === true ? 'deleted' : 'not-found'
    case 'touch':
      return result === true ? 'ok' : 'not-found'
    case 'increment':
    case 'decrement':
      return result === undefined ? 'not-found' : 'stored'
    default:
      return 'ok'
  }
}
