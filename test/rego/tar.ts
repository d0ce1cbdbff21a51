/** A gzip tar written by hand, so that tests can also write archives no tool would. */
import { gzipSync } from 'node:zlib'

export interface TarEntry {
  readonly name: string
  readonly content: string | Uint8Array
  /** '0' = file, '2' = symbolic link, '5' = folder. */
  readonly type?: string
}

export function tarGz(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content, type }) => {
    const bytes = Buffer.from(content as string)
    const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512)
    return [header(name, bytes.length, type ?? '0'), bytes, padding]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

export function bundleOf(files: Record<string, string>): Buffer {
  return tarGz(Object.entries(files).map(([name, content]) => ({ name: `/${name}`, content })))
}

function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0, 100)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write('00000000000\0', 136)
  block.write('        ', 148)
  block.write(type, 156)
  if (type === '2') block.write('/etc/passwd', 157)
  block.write('ustar\0', 257)
  block.write('00', 263)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
