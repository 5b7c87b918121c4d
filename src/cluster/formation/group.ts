import { MusterError, errorMessage } from '../../common/errors.js'
import { Repeats } from '../../telemetry/index.js'
import { lanAddress } from '../addresses.js'
import { Contacts, type Introduction } from './contacts.js'
import { directoryFiles, type FormationFiles } from './files.js'
import { FormationRecord } from './formation-record.js'
import { joinAddresses, retryJoin } from '../join.js'
import { methods } from '../server-messages.js'
import type { FormationOptions } from './options.js'
import { Shape } from '../../rpc/index.js'

/**
 * The servers of the datacenter that know each other, whatever keeps their data: what is remembered of them, the
 * handshake, joining.
 */
export class Group {
  readonly contacts: Contacts
  readonly files: FormationFiles
  readonly record: FormationRecord
  readonly #options: FormationOptions
  readonly #stopped = new AbortController()

  /** @throws MusterError CLUSTER_RECORD */
  constructor(options: FormationOptions, introduction: () => Introduction, onChange: () => void) {
    this.#options = options
    const { self, client, clock, log } = options
    this.files = options.files ?? directoryFiles(options.dataDir)
    this.record = FormationRecord.open(this.files)
    const { left, known } = this.record.facts
    this.contacts = new Contacts(
      {
        self,
        rpc: client,
        clock,
        log,
        introduction,
        onChange: () => {
          this.#remember()
          onChange()
        },
      },
      left === true && !options.rejoinAfterLeave ? [] : known,
    )
    this.record.set({ left: undefined, known: this.contacts.others() })
    this.handle(methods.hello, body => Promise.resolve(this.contacts.greeted(body)))
    this.handle(methods.gone, body => {
      this.contacts.forget(new Shape(body, 'a farewell').text('id'))
      return Promise.resolve({})
    })
  }

  /** Aborted when the server stops. */
  get signal(): AbortSignal {
    return this.#stopped.signal
  }

  /** Registers a method; once the server stops it refuses. */
  handle(method: string, answer: (body: unknown) => Promise<unknown>): void {
    this.#options.server.handle(method, body => {
      if (this.signal.aborted)
        throw new MusterError('CLUSTER_CLOSED', 'the server is stopping', { status: 503, hint: 'ask another server' })
      return answer(body)
    })
  }

  join(addresses: readonly string[]): Promise<number> {
    const { self, resolve } = this.#options
    return joinAddresses(addresses, {
      port: self.ports.lan,
      greet: address => this.contacts.hello(address, this.signal),
      ...(resolve !== undefined && { resolve }),
    })
  }

  /** Joins what the settings say: once, and again and again. Rejects when the former fails. */
  async joinAtStart(): Promise<void> {
    const { startJoin, retryJoin: retry, clock, log, onJoinExhausted } = this.#options
    if (retry.addresses.length > 0) {
      const failures = new Repeats(log, clock)
      retryJoin(retry, addresses => this.join(addresses), {
        clock,
        signal: this.signal,
        failed: (error, attempt) => {
          failures.tell('warn', 'join failed, it is tried again', errorMessage(error), {
            error: errorMessage(error),
            attempt,
            interval: retry.interval / 1000,
          })
        },
      }).then(
        count => {
          if (count > 0) log.info('joined', { addresses: retry.addresses.join(', '), answered: count })
        },
        (error: unknown) => {
          if (error instanceof MusterError) onJoinExhausted(error)
        },
      )
    }
    if (startJoin.length > 0)
      log.info('joined', { addresses: startJoin.join(', '), answered: await this.join(startJoin) })
  }

  /** Tells the others that this server is gone for good. */
  async farewell(): Promise<void> {
    const { client, self } = this.#options
    await Promise.allSettled(
      this.contacts
        .others()
        .map(info => client.call(lanAddress(info), methods.gone, { id: self.id }, { timeout: 2000 })),
    )
  }

  close(): void {
    this.#stopped.abort()
  }

  #remember(): void {
    try {
      this.record.set({ known: this.contacts.others() })
    } catch (error) {
      this.#options.log.error('cannot remember the known servers', { error: errorMessage(error) })
    }
  }
}
