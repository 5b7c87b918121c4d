import type { ChildProcess } from 'node:child_process'
import dgram from 'node:dgram'
import * as packet from 'dns-packet'

/** The ports that a starting agent's banner tells, once it is ready. Rejects when it ends instead. */
export function bound(agent: ChildProcess): Promise<{ http: number; dns: number }> {
  return new Promise((resolve, reject) => {
    let output = ''
    agent.once('exit', code => {
      reject(new Error(`the agent exited with ${code}: ${output}`))
    })
    agent.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = /HTTP: (\d+),.*DNS: (\d+)\)/.exec(output)
      if (found !== null) resolve({ http: Number(found[1]), dns: Number(found[2]) })
    })
  })
}

/** Asks one agent over UDP, one question after the other. `port` is that of the first SRV answer. */
export interface Resolver {
  port(name: string): Promise<number | undefined>
  close(): void
}

/** A resolver for the agent that answers on this port, of 127.0.0.1 unless given. */
export async function connect(port: number, address = '127.0.0.1'): Promise<Resolver> {
  const socket = dgram.createSocket('udp4')
  await new Promise<void>(resolve => {
    socket.connect(port, address, resolve)
  })
  return {
    port: name =>
      new Promise(resolve => {
        socket.once('message', message => {
          const answer = packet.decode(message).answers?.[0]
          resolve(answer?.type === 'SRV' ? answer.data.port : undefined)
        })
        socket.send(packet.encode({ type: 'query', id: 1, questions: [{ type: 'SRV', name }] }))
      }),
    close: () => {
      socket.close()
    },
  }
}
