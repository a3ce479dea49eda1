import { Hang, Values, Work, WrongAnswer, type Client, type SliceFigures } from 'memkeep/internal/bench'
import { Unavailable, type Contestant } from './contestants/contestant.ts'
import type { Failure, Request, Response } from './messages.ts'

/** A contestant's own process: it does what the bench asks, one request at a time. */

let contestant: Contestant | undefined
let client: Client | undefined
let work: Work | undefined

process.on('message', (request: Request) => {
  serve(request).then(
    (figures) => {
      answer({ type: 'done', ...(figures !== undefined && { figures }) })
    },
    (error: unknown) => {
      answer({ type: 'failed', failure: classify(error) })
    },
  )
})
// what a client throws where nobody can catch it is its failure, too
process.on('uncaughtException', (error) => {
  answer({ type: 'failed', failure: classify(error) })
})
process.on('disconnect', () => process.exit())

async function serve(request: Request): Promise<SliceFigures | undefined> {
  switch (request.type) {
    case 'open': {
      const module = (await import(request.source)) as { readonly contestants: readonly Contestant[] }
      contestant = module.contestants.find(({ name }) => name === request.name)
      client = await contestant?.open(request.target)
      return undefined
    }
    case 'seed': {
      if (contestant === undefined || client === undefined) throw new Error('No contestant is open')
      const make = (): Values => new Values(request.size, contestant?.form ?? 'buffer')
      work = new Work(client, request.prefix, make(), make())
      await work.seed(request.patience)
      return undefined
    }
    case 'run':
      return work?.run(request.workload, request.times)
  }
}

function classify(error: unknown): Failure {
  if (error instanceof Hang) return { kind: 'hangs', detail: error.message }
  if (error instanceof WrongAnswer) return { kind: 'wrong answers', detail: error.message }
  if (error instanceof Unavailable) return { kind: 'unavailable', detail: error.message }
  return { kind: 'fails', detail: describe(error) }
}

/** An error's code, which is stable, else its message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function answer(response: Response): void {
  if (process.connected) process.send?.(response)
}
