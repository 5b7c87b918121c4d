/**
 * The import directions of the architecture: data flows
 * config -> agent (local state, sync) -> catalog -> store, and dns and http only ask.
 * A folder may import the folders listed for it and nothing else, through their index.ts.
 */
const allowed = {
  'common': [],
  'generated': [],
  'telemetry': ['common'],
  'snapshot': ['common'],
  'rpc': ['common', 'telemetry'],
  'store': ['common'],
  'etcd': ['common', 'store', 'telemetry'],
  'check-kinds': ['common', 'generated'],
  'config': ['common', 'generated', 'check-kinds'],
  'acl': ['common'],
  'catalog': ['common', 'store', 'check-kinds', 'acl'],
  'checks': ['common', 'config', 'check-kinds', 'telemetry'],
  'cluster': ['common', 'store', 'rpc', 'etcd', 'catalog', 'telemetry'],
  'exec': ['common', 'catalog', 'telemetry'],
  'agent': ['common', 'config', 'check-kinds', 'catalog', 'checks', 'cluster', 'telemetry'],
  'dns': ['common', 'config', 'catalog', 'agent', 'telemetry'],
  'http': ['common', 'config', 'check-kinds', 'catalog', 'agent', 'rpc', 'cluster', 'snapshot', 'telemetry'],
  'watch': ['common', 'config', 'telemetry'],
  'daemon': [
    ...['common', 'config', 'store', 'rpc', 'etcd', 'catalog', 'checks', 'cluster', 'exec', 'agent'],
    ...['dns', 'http', 'watch', 'telemetry'],
  ],
  'cli': ['common', 'config', 'daemon', 'snapshot', 'watch'],
};

/**
 * The same within a folder: a room may import the rooms listed for it, and where it says '.', the files that lie beside
 * the rooms.
 */
const rooms = {
  acl: {
    '.': ['rules'],
    'rules': [],
    'auth': [],
  },
  cluster: {
    '.': [],
    'coordinates': ['.'],
    'events': ['.'],
    'formation': ['.'],
    'membership': ['.', 'formation'],
    'remote': ['.', 'membership'],
    'wan': ['.', 'coordinates'],
  },
  http: {
    '.': ['answer', 'request', 'rules', 'reads', 'views'],
    'request': [],
    'answer': ['.', 'request'],
    'rules': ['.', 'request', 'answer'],
    'views': ['.'],
    'reads': ['.', 'request', 'answer', 'rules', 'views'],
    'routes': ['.', 'request', 'answer', 'rules', 'reads', 'views'],
    'serve': ['.', 'request', 'answer', 'rules', 'reads', 'routes', 'views'],
  },
  config: {
    '.': ['read', 'complete', 'combine', 'fallback', 'resolve'],
    'read': ['.'],
    'complete': ['.', 'read'],
    'combine': ['.', 'read', 'complete'],
    'fallback': ['.', 'read', 'complete', 'combine'],
    'resolve': ['.', 'read', 'complete', 'combine'],
    'report': ['.'],
  },
};

const folders = Object.keys(allowed);

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['src/main\\.ts$', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^src' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    ...folders.map(folder => ({
      name: `${folder}-imports`,
      comment: `${folder} may import: ${allowed[folder].join(', ') || 'nothing of ours'}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: [`^src/(${[folder, ...allowed[folder]].join('|')})/`] },
    })),
    ...folders
      .filter(folder => !['common', 'generated'].includes(folder))
      .map(folder => ({
        name: `${folder}-public-face`,
        comment: `other folders import ${folder} through its index.ts`,
        severity: 'error',
        from: { path: '^src/', pathNot: `^src/${folder}/` },
        to: { path: `^src/${folder}/(?!index\\.ts$)`, pathNot: folder === 'cli' ? '^src/cli/' : undefined },
      }))
      .map(({ to, ...rule }) => ({ ...rule, to: to.pathNot ? to : { path: to.path } })),
    ...Object.entries(rooms).flatMap(([folder, inner]) =>
      Object.entries(inner).map(([room, others]) => ({
        name: `${folder}-${room === '.' ? 'beside-rooms' : room}-imports`,
        comment: `${folder}/${room} may import within ${folder}: ${others.join(', ') || 'nothing'}`,
        severity: 'error',
        from:
          room === '.'
            ? { path: `^src/${folder}/[^/]+$`, pathNot: `^src/${folder}/index\\.ts$` }
            : { path: `^src/${folder}/${room}/` },
        to: {
          path: `^src/${folder}/`,
          pathNot: [room, ...others].map(other =>
            other === '.' ? `^src/${folder}/[^/]+$` : `^src/${folder}/${other}/`,
          ),
        },
      })),
    ),
    {
      name: 'lmdb-only-in-store',
      severity: 'error',
      from: { path: '^src', pathNot: '^src/store/' },
      to: { path: 'node_modules/lmdb' },
    },
    {
      name: 'programs-start-in-one-place',
      severity: 'error',
      comment: 'what native code holds open is kept from children by common/spawn.ts alone',
      from: { path: '^src', pathNot: '^src/common/spawn\\.ts$' },
      to: { path: '^(node:)?(child_process|cluster)$' },
    },
    {
      name: 'chokidar-only-in-agent',
      severity: 'error',
      from: { path: '^src', pathNot: '^src/agent/' },
      to: { path: 'node_modules/chokidar' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
