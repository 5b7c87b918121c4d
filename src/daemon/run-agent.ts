import { commandClock, systemClock } from '../common/clock.js'
import { MusterError, errorMessage } from '../common/errors.js'
import type { ParsedFlags } from '../common/flags.js'
import { pause } from '../common/pause.js'
import { report, type Settings } from '../config/index.js'
import { createLogHub, type Logger, type LogHub } from '../telemetry/index.js'
import { banner } from './banner.js'
import { startDaemon, type Daemon } from './daemon.js'
import { EarlyLog } from './early-log.js'
import { HeldOutput } from './held-output.js'
import { writePidFile } from './pid-file.js'
import { ConfigRefused, readStartConfig, type StartConfig } from './read-config.js'
import { Lifecycle } from './lifecycle.js'

/** Where the agent writes before its log is open. */
export interface DaemonIo {
  out(text: string): void
  err(text: string): void
  readonly color: boolean
}

/**
 * Runs an agent until it is told to stop, and resolves with the exit code: 0 after leaving, 1 for a stop without
 * leaving (as Consul has it) and for a start that failed.
 */
export async function runAgent(flags: ParsedFlags, io: DaemonIo): Promise<number> {
  if (flags.positional.length > 0) {
    throw new MusterError('USAGE', `unexpected argument: ${flags.positional.join(' ')}`, {
      hint: 'directories are named with -config-dir',
    })
  }
  outliveReaders()
  for (;;) {
    const outcome = await runOnce(flags, io)
    if (outcome !== 'anew') return outcome
  }
}

/** One life of the agent: until its exit code, or until it is to start again as something else. */
async function runOnce(flags: ParsedFlags, io: DaemonIo): Promise<number | 'anew'> {
  const early = new EarlyLog()
  const lifecycle = new Lifecycle(early.child('agent'))
  const config = tryConfig(flags, early, io)
  if (config === undefined) {
    lifecycle.close()
    return 1
  }
  const { settings } = config
  const output = new HeldOutput(process.stdout)
  const logs = tryLog(config, output, io)
  if (logs === undefined) {
    lifecycle.close()
    return 1
  }
  early.handOver(logs.root)
  let removePidFile: (() => void) | undefined
  let started = false
  try {
    if (settings.pidFile !== '') removePidFile = writePidFile(settings.pidFile)
    warnOfOpenScripts(settings, logs)
    const daemon = await startDaemon({
      config,
      logs,
      clock: systemClock,
      random: Math.random,
      stop: () => {
        lifecycle.end('left')
      },
      startAnew: () => {
        lifecycle.end('anew')
      },
      giveUp: error => {
        tell(error, io)
        lifecycle.end('gave up')
      },
    })
    started = true
    lifecycle.running(daemon.agent)
    if (!settings.log.json) io.out(bannerOf(daemon, config))
    output.release()
    logs.root.child('agent').info('muster agent running!')
    return await untilStopped(daemon, logs, lifecycle)
  } catch (error) {
    output.release()
    tell(error, io)
    return 1
  } finally {
    lifecycle.close()
    removePidFile?.()
    await (started ? config.persistence.close() : config.persistence.discard())
    await logs.close()
  }
}

/** An agent keeps running when the reader of its output (a pipe) has exited. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error')
    stream.on('error', () => undefined)
  }
}

function tryConfig(flags: ParsedFlags, early: EarlyLog, io: DaemonIo): StartConfig | undefined {
  try {
    return readStartConfig(flags, systemClock, early.child('config'))
  } catch (error) {
    if (!(error instanceof ConfigRefused)) {
      if (error instanceof MusterError && error.code === 'USAGE') throw error
      tell(error, io)
      return undefined
    }
    const { diagnostics, files } = error.load
    io.err(report('text', { diagnostics, files: files.map(file => file.path) }))
    io.err(`==> ${error.message}: ${error.hint ?? ''}\n`)
    return undefined
  }
}

function tryLog(config: StartConfig, stream: HeldOutput, io: DaemonIo): LogHub | undefined {
  try {
    return openLog(config.settings, stream, io)
  } catch (error) {
    void config.persistence.discard()
    tell(error, io)
    return undefined
  }
}

/** Why there is no start, and what to do about it. */
function tell(error: unknown, io: DaemonIo): void {
  io.err(`==> ${errorMessage(error)}\n`)
  if (error instanceof MusterError && error.hint !== undefined) io.err(`    ${error.hint}\n`)
}

function openLog(settings: Settings, stream: HeldOutput, io: DaemonIo): LogHub {
  const { level, json, file, rotateBytes, rotateDuration, rotateMaxFiles } = settings.log
  return createLogHub({
    level,
    json,
    stream,
    colors: io.color && !json,
    clock: systemClock,
    ...(file !== '' && { file: { path: file, rotateBytes, rotateDuration, rotateMaxFiles } }),
  })
}

function warnOfOpenScripts(settings: Settings, logs: LogHub): void {
  if (!settings.enableScriptChecks || settings.http.allowWriteHttpFrom.length > 0) return
  logs.root
    .child('agent')
    .warn(
      'whoever reaches the HTTP port can run programs on this machine: enable_script_checks is on and allow_write_http_from is not set',
      {
        remedy: 'use enable_local_script_checks, which allows scripts in files only',
      },
    )
}

const bannerOf = ({ agent, nodeId, http, dns, cluster }: Daemon, { settings }: StartConfig): string =>
  banner({
    settings,
    nodeId,
    http: http.addresses,
    dns: dns.addresses,
    cluster,
    configPaths: agent.configPaths,
    files: agent.files,
    declared: agent.declared,
    answered: answeredService(agent),
    took: performance.now(),
  })

/** A declared service that no check keeps out of answers now. */
function answeredService(agent: Daemon['agent']): string {
  const healthy = [...agent.declared.services.values()].find(({ definition }) =>
    agent.checksOfService(definition.id).every(({ status }) => status !== 'critical'),
  )
  return healthy?.definition.name ?? 'consul'
}

async function untilStopped(daemon: Daemon, logs: LogHub, lifecycle: Lifecycle): Promise<number | 'anew'> {
  const log = logs.root.child('agent')
  const how = await lifecycle.ended
  if (how === 'anew') {
    await daemon.close()
    return how
  }
  if (how === 'left') await drain(daemon.agent.settings.leaveDrainTime, log, lifecycle.forced.signal)
  await daemon.close()
  log.info('stopped')
  return how === 'left' && !lifecycle.forced.signal.aborted ? 0 : 1
}

/** Keeps answering for a while without this node in the answers, so that clients which still ask it get an answer. */
async function drain(ms: number, log: Logger, forced: AbortSignal): Promise<void> {
  if (ms <= 0 || forced.aborted) return
  log.info('left; answering on for those who still ask', { seconds: ms / 1000 })
  await pause(commandClock, ms, forced)
}
