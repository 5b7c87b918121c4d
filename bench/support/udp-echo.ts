// The least that a DNS server in Node.js can do: it sends each packet back with the response bit set. Prints its port
// when it listens.
import dgram from 'node:dgram'

const socket = dgram.createSocket({
  type: 'udp4',
  lookup: (host, _options, found) => {
    found(null, host, 4)
  },
})
socket.on('message', (packet, client) => {
  packet[2] = (packet[2] ?? 0) | 0x80
  socket.send(packet, client.port, client.address)
})
socket.bind(0, '127.0.0.1', () => {
  socket.setRecvBufferSize(4 * 1024 * 1024)
  console.log(socket.address().port)
})
