import { announceAddress } from './announce-address.js'
import type { EffectParts } from './effect-parts.js'
import { enterCluster } from './enter-cluster.js'
import { foundCluster } from './found-cluster.js'
import { pause } from '../../common/pause.js'
import { giveBackPlace, leaveCluster } from './leave-cluster.js'
import { startOver } from './member-life.js'
import { readDisk } from './read-disk.js'
import { recover } from './recover-cluster.js'
import { awaitVote, resume } from './resume.js'
import type { Effects } from './runner.js'
import { tend } from './member-upkeep.js'

type Jobs = Effects['jobs']
type StartJobs = Pick<Jobs, 'read-disk' | 'recover' | 'announce-address' | 'resume'>
type MemberJobs = Pick<Jobs, 'search' | 'found' | 'enter' | 'await-vote' | 'tend' | 'pause' | 'clear'>
type EndJobs = Pick<Jobs, 'depart' | 'give-back' | 'say-farewell' | 'stop-etcd'>

/** How each job of the table is carried out. `stop.begun`: etcd has begun to stop. */
export const jobEffects = (parts: EffectParts, stop: { readonly begun: Promise<void> }): Jobs => ({
  ...startJobs(parts),
  ...memberJobs(parts),
  ...endJobs(parts, stop),
})

const startJobs = ({ life, tell }: EffectParts): StartJobs => ({
  'read-disk': async () => ({ type: 'disk-read', disk: await readDisk(life) }),
  'recover': async ({ listed }) => {
    const outcome = await recover(life, listed, position => {
      tell({ type: 'position-known', position })
    })
    return outcome === 'superseded'
      ? { type: 'superseded' }
      : { type: 'recovered', cluster: life.member.status?.cluster ?? '', at: life.clock.monotonic() }
  },
  'announce-address': async () => {
    await announceAddress(life)
    return { type: 'address-announced' }
  },
  'resume': () => resume(life),
})

function memberJobs({ life, search }: EffectParts): MemberJobs {
  const { clock, signal, contacts, newToken } = life
  return {
    'search': async () => {
      const found = await search.round()
      if (found === undefined) return { type: 'nothing-found' }
      return found.do === 'found'
        ? { type: 'may-found' }
        : { type: 'cluster-found', through: found.id, token: newToken() }
    },
    'found': async () => ({ type: 'founded', cluster: await foundCluster(life), at: clock.monotonic() }),
    'enter': async ({ through, token }) => {
      const server = contacts.get(through)
      const cluster = server === undefined ? undefined : await enterCluster(life, server, token)
      return cluster === undefined ? { type: 'not-entered' } : { type: 'entered', cluster, at: clock.monotonic() }
    },
    'await-vote': () => awaitVote(life),
    'tend': ({ since }) => tend(life, since),
    'pause': async ({ ms }) => {
      await pause(clock, ms, signal)
      return { type: 'paused' }
    },
    'clear': async () => {
      await startOver(life)
      return { type: 'cleared' }
    },
  }
}

const endJobs = ({ life, group, raft }: EffectParts, stop: { readonly begun: Promise<void> }): EndJobs => ({
  'depart': async () => {
    await leaveCluster(life, raft)
    return { type: 'departed' }
  },
  'give-back': async ({ when }) => {
    if (when === 'always' || life.record.facts.entering === true) await giveBackPlace(life)
    return { type: 'place-given-back' }
  },
  'say-farewell': async () => {
    await group.farewell()
    return { type: 'farewell-said' }
  },
  'stop-etcd': async () => {
    await stop.begun
    await life.process.stop()
    return { type: 'etcd-stopped' }
  },
})
