import { afterAll, afterEach, beforeAll, describe, it } from 'vitest'
import { partsOf, type Posture } from '../posture.ts'
import { PROMISES, type Scene } from './promises.ts'
import { Stage } from './stage.ts'
import type { Subject } from './subject.ts'
import { checkReadme, tableOf } from './table.ts'

/**
 * The tests that every adapter and the raw client pass, on the real server in every posture, with values as they are
 * and sealed. At their end they compare the table in the subject's README with what they showed.
 */
export function contract<Transport, Auth, Middleware>(subject: Subject<Transport, Auth, Middleware>): void {
  const kept = new Map<Posture, Set<string>>(subject.postures.map((posture) => [posture, new Set<string>()]))

  describe.each(subject.postures)(`${subject.name} on %s`, (posture) => {
    describe.each([false, true])('sealed: %s', (sealed) => {
      let stage: Stage<Transport, Auth, Middleware>
      const scene: Scene = {
        get names() {
          return stage.names
        },
        open: (role) => stage.open(role),
        insider: () => stage.insider(),
        restart: () => stage.restart(),
      }

      beforeAll(async () => {
        stage = await Stage.set(subject, posture, { sealed })
      })

      afterEach(() => stage.closeCaches())

      afterAll(() => stage.end())

      for (const promise of PROMISES) {
        if (promise.sealed === true && !sealed) continue
        if (promise.applies?.(partsOf(posture)) === false) continue
        it(promise.name, async () => {
          await promise.show(scene)
          // what is kept plain and not sealed would fail its own test
          kept.get(posture)?.add(promise.name)
        })
      }
    })
  })

  it(`${subject.name}: the README says what this run showed`, async () => {
    await checkReadme(subject.readme, tableOf(kept))
  })
}
