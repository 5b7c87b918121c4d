export { runAgent, type DaemonIo } from './run-agent.js'
