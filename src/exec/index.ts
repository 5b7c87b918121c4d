export { RemoteExec } from './remote-exec.js'
