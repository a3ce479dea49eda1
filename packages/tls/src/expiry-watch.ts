import { BoundedMap } from '@memkeep/core/internal'
import type { CertificateDescription } from './certificate.ts'
import type { ExpiryMessage } from './channels.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const DEFAULT_DAYS = 14
/** As many servers are remembered at most. */
const MAX_SERVERS = 256

/** Whose certificate it is: our own, or a server's by its name. */
type Owner = Pick<ExpiryMessage, 'owner' | 'server'>

interface Watched extends Owner {
  readonly certificate: CertificateDescription
  /** When its end was last reported. */
  readonly reported: number
}

/** Reports certificates in use that end soon, once a day, as long as they are in use. */
export class ExpiryWatch {
  readonly #warnBefore: number | undefined
  readonly #report: (message: ExpiryMessage) => void
  readonly #watched = new BoundedMap<string, Watched>(MAX_SERVERS + 1)
  readonly #timer: NodeJS.Timeout

  /** @param warnBefore days; undefined for 14, or a third of the certificate's life if that is less */
  constructor(warnBefore: number | undefined, report: (message: ExpiryMessage) => void) {
    this.#warnBefore = warnBefore
    this.#report = report
    this.#timer = setInterval(() => {
      for (const watched of [...this.#watched.values()]) this.#look(watched)
    }, HOUR).unref()
  }

  /** Watches a certificate in the place of the one that its owner had before. */
  watch(owner: Owner, certificate: CertificateDescription): void {
    const before = this.#watched.get(keyOf(owner))
    const same = before?.certificate.fingerprint256 === certificate.fingerprint256
    this.#look({ ...owner, certificate, reported: same ? before.reported : -Infinity })
  }

  /** Watches no more. */
  stop(): void {
    clearInterval(this.#timer)
  }

  #look(watched: Watched): void {
    const { certificate, owner, server } = watched
    const now = Date.now()
    const left = certificate.validTo.getTime() - now
    const due = left <= this.#windowOf(certificate) && now - watched.reported >= DAY
    this.#watched.set(keyOf(watched), due ? { ...watched, reported: now } : watched)
    if (due) this.#report({ owner, server, certificate, daysLeft: left / DAY })
  }

  #windowOf({ validFrom, validTo }: CertificateDescription): number {
    if (this.#warnBefore !== undefined) return this.#warnBefore * DAY
    return Math.min(DEFAULT_DAYS * DAY, (validTo.getTime() - validFrom.getTime()) / 3)
  }
}

function keyOf({ owner, server }: Owner): string {
  return owner === 'own' ? '' : String(server)
}
