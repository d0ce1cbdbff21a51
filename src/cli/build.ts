/**
 * `build`: the policy as a bundle that the gateway activates without compiling, signed on request;
 * with --verify nothing is built, and a bundle is held to its signature.
 */
import type { CommandModule } from 'yargs'
import { signatureAlgorithms } from '../config/bundle-key.js'
import type { BuildArguments } from './build-bundle.js'
import { textOption } from './options.js'
import { endQuietlyOnBrokenPipe } from './terminal.js'

export const buildCommand: CommandModule<object, BuildArguments> = {
  command: 'build [path..]',
  describe: 'Pack a policy as a bundle, sign it, or verify one',
  builder: (program) =>
    program
      .usage(
        '$0 build [PATH...] --out FILE [--sign KEYFILE --serial NUMBER]\n$0 build --verify KEYFILE BUNDLE\n\n' +
          'Checks the policy (default ./policies), compiles it and packs it as an OPA bundle that says all the gateway ' +
          'has to know: it decides as the sources do, and starts faster. The same policy gives the same bytes anywhere. ' +
          'Nothing is written unless the gateway would activate it.\n\nA signed bundle needs a serial, a whole number ' +
          'that grows: a gateway with policy.verify takes none that is older than one it had. Without --serial it is ' +
          'SOURCE_DATE_EPOCH.',
      )
      .positional('path', {
        type: 'string',
        array: true,
        describe: 'Folders or .rego files; with --verify one bundle',
      })
      .option('out', { alias: 'o', ...textOption('out', 'The bundle to write') })
      .option('revision', textOption('revision', 'Of the manifest (default: the content digest)'))
      .option('with-sources', {
        type: 'boolean',
        describe: 'Pack the .rego files too, for explain; the compiled module decides',
      })
      .option('serial', textOption('serial', 'The place in the order of bundles'))
      .option('sign', textOption('sign', 'Sign with the private key (PEM) in this file'))
      .option('verify', {
        ...textOption('verify', 'Verify a bundle with the public key (PEM) in this file'),
        conflicts: ['sign', 'out', 'serial', 'revision', 'with-sources'],
      })
      .option('algorithm', {
        ...textOption('algorithm', 'Of the signature'),
        choices: signatureAlgorithms,
        default: 'ES256',
      })
      .option('key-id', textOption('key-id', 'The name of the key in the signature'))
      .option('scope', textOption('scope', 'What the bundle is signed for, such as production'))
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .example('$0 build --out bundle.tar.gz', 'pack ./policies')
      .example(
        '$0 build --out bundle.tar.gz --sign bundle.key --serial 7 --scope production',
        'for one purpose only',
      )
      .example('$0 build --verify bundle.pub bundle.tar.gz', 'is it ours?')
      .epilogue('More: docs/policy.md#build'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    const { build, verify } = await import('./build-bundle.js')
    process.exitCode = await (given.verify === undefined ? build(given) : verify(given))
  },
}
