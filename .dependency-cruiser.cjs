/**
 * The import rules: layers point one way, every third-party package has one home, no cycles.
 * Each room lists what it may import; everything else inside src is a violation, and so is a file
 * in a room that is not listed here. `typesOnly` may be imported as types and not as values.
 */

// `contracts` are the types generated from schemas/; like `domain` they carry no code.
const leaves = ['lib', 'domain', 'contracts', 'errors']

/** @type {Record<string, { may: string[], typesOnly?: string[] }>} */
const rooms = {
  lib: { may: ['errors'] },
  mcp: { may: [...leaves] },
  // Keys and tokens come from other services; who asks them is handed in.
  fetcher: { may: [...leaves, 'mcp'] },
  identity: { may: [...leaves], typesOnly: ['mcp', 'fetcher'] },
  catalogue: { may: [...leaves], typesOnly: ['mcp'] },
  // The table of methods says which items a message names: the same for policy as for the wire.
  policy: { may: [...leaves, 'mcp'] },
  limit: { may: [...leaves], typesOnly: ['mcp'] },
  audit: { may: [...leaves], typesOnly: ['mcp'] },
  telemetry: { may: [...leaves], typesOnly: ['mcp'] },
  proxy: {
    may: [...leaves, 'mcp'],
    typesOnly: ['identity', 'policy', 'limit', 'audit', 'catalogue'],
  },
  rego: { may: [...leaves], typesOnly: ['policy'] },
  config: {
    may: [...leaves],
    typesOnly: ['identity', 'catalogue', 'policy', 'limit', 'audit', 'telemetry', 'proxy'],
  },
  // A pin has to be the digest that the gateway works out, so there is one that does.
  // Authors' tools ask the policy what the gateway asks it, through few doors (below).
  cli: { may: ['guard', 'config', 'rego', 'mcp', 'telemetry', 'catalogue', 'policy', ...leaves] },
  domain: { may: ['contracts', 'errors'] },
  contracts: { may: [] },
  errors: { may: [] },
  guard: { may: ['.*'] },
  index: { may: ['.*'] },
}

/** Where each third-party package lives. A package without a home may not be imported at all. */
const homes = {
  // Messages go through one, the gateway's own questions to other services through the other.
  undici: ['src/proxy/back/', 'src/fetcher/'],
  jose: 'src/identity/',
  'prom-client': 'src/telemetry/',
  yargs: 'src/cli/',
  diff: 'src/cli/',
  re2js: 'src/policy/builtins/',
  'js-yaml': 'src/config/',
  ajv: 'src/config/',
}

const roomPath = (room) => `^src/${room}(/|\\.ts$)`
const anyOf = (patterns) => `(${patterns.join('|')})`
const packagePath = (name) => `node_modules/(@types/)?${name}/`

const layerRules = Object.entries(rooms).flatMap(([room, { may, typesOnly = [] }]) => [
  {
    name: `${room}-may-import-${may.join('-') || 'nothing'}`,
    severity: 'error',
    from: { path: roomPath(room) },
    to: { path: '^src/', pathNot: [room, ...may, ...typesOnly].map(roomPath) },
  },
  ...typesOnly.map((other) => ({
    name: `${room}-may-import-only-types-of-${other}`,
    severity: 'error',
    from: { path: roomPath(room) },
    to: { path: roomPath(other), dependencyTypesNot: ['type-only'] },
  })),
])

const homeRules = Object.entries(homes).map(([name, home]) => ({
  name: `${name}-lives-in-${[home].flat().join('-or-')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: [home].flat().map((one) => `^${one}`) },
  to: { path: packagePath(name) },
}))

module.exports = {
  forbidden: [
    ...layerRules,
    ...homeRules,
    {
      name: 'every-file-is-in-a-listed-room',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: Object.keys(rooms).map(roomPath) },
    },
    {
      name: 'every-importer-is-in-a-listed-room',
      severity: 'error',
      from: { path: '^src/', pathNot: Object.keys(rooms).map(roomPath) },
      to: {},
    },
    {
      name: 'no-orphan',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.d\\.ts$', orphan: true },
      to: {},
    },
    {
      name: 'package-without-a-home',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: 'node_modules/',
        pathNot: [anyOf(Object.keys(homes).map(packagePath)), '/@types/node/'],
      },
    },
    {
      name: 'commands-reach-the-policy-room-through-its-workbench',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/policy/',
        pathNot: '^src/policy/(workbench|test-module|complete-facts|judge-facts)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'front-back-and-bridge-stay-apart',
      severity: 'error',
      from: { path: '^src/proxy/(front|back|bridge)/' },
      to: { path: '^src/proxy/(front|back|bridge)/', pathNot: '^src/proxy/$1/' },
    },
    {
      name: 'mcp-is-pure',
      severity: 'error',
      from: { path: '^src/mcp/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|net|http|https|tls|child_process|dns)' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'import-resolves',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'src-stays-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|dist)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: `${__dirname}/tsconfig.json` },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
