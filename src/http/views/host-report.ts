import { statfs } from 'node:fs/promises'
import os from 'node:os'
import { errorMessage } from '../../common/errors.js'

/** The machine's data for `/v1/agent/host`, in Consul's format. Failures to read some of it are listed in `Errors`. */
export async function hostReport(dataDir: string, now: number): Promise<Readonly<Record<string, unknown>>> {
  const total = os.totalmem()
  const free = os.freemem()
  const errors: string[] = []
  const disk = await diskReport(dataDir === '' ? os.tmpdir() : dataDir).catch((error: unknown) => {
    errors.push(errorMessage(error))
    return null
  })
  return {
    Memory: { total, available: free, used: total - free, usedPercent: (100 * (total - free)) / total, free },
    CPU: os.cpus().map(({ model, speed }, cpu) => ({
      cpu,
      vendorId: '',
      family: '',
      model: '',
      stepping: 0,
      physicalId: '',
      coreId: String(cpu),
      cores: 1,
      modelName: model,
      mhz: speed,
      cacheSize: 0,
      flags: [],
    })),
    Host: {
      hostname: os.hostname(),
      uptime: Math.round(os.uptime()),
      bootTime: Math.round(now / 1000 - os.uptime()),
      procs: 0,
      os: os.platform(),
      platform: os.platform(),
      platformFamily: '',
      platformVersion: os.version(),
      kernelVersion: os.release(),
      kernelArch: os.machine(),
      virtualizationSystem: '',
      virtualizationRole: '',
      hostid: '',
    },
    Disk: disk,
    // Nanoseconds, as Consul counts them; a double keeps them to about a quarter of a microsecond.
    CollectionTime: now * 1e6,
    Errors: errors.length === 0 ? null : errors,
  }
}

async function diskReport(path: string) {
  const { type, bsize, blocks, bavail, bfree, files, ffree } = await statfs(path)
  const used = (blocks - bfree) * bsize
  return {
    path,
    fstype: `0x${type.toString(16)}`,
    total: blocks * bsize,
    free: bavail * bsize,
    used,
    usedPercent: blocks === 0 ? 0 : (100 * used) / (used + bavail * bsize),
    inodesTotal: files,
    inodesUsed: files - ffree,
    inodesFree: ffree,
    inodesUsedPercent: files === 0 ? 0 : (100 * (files - ffree)) / files,
  }
}
