import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { script } from '@bomb.sh/tab'

/** The shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof SHELLS)[number]

/**
 * The script that makes a shell complete `memkeep`, by asking `memkeep complete -- <words>`.
 *
 * That for bash is of our own: the library's needs functions of another package that may not be there, and has the
 * shell run whatever stands in the line that is to be completed.
 */
export function completionScript(shell: Shell): string {
  return shell === 'bash'
    ? BASH
    : printedBy(() => {
        script(shell, 'memkeep', 'memkeep')
      })
}

/** What a function prints that has no other way to hand it over. */
function printedBy(print: () => void): string {
  let printed = ''
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      printed += chunk.toString()
      done()
    },
  })
  const own = globalThis.console
  globalThis.console = new Console(sink)
  try {
    print()
  } finally {
    globalThis.console = own
  }
  return printed
}

/** For bash 3.2 and later. It breaks words at "=" and ":", which are put together again before they are asked for. */
const BASH = `# bash completion for memkeep: source <(memkeep completion bash)
_memkeep() {
  local word line last=-1 joins='' before=''
  local -a words=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ $last -ge 0 && ( -n $joins || $word == [=:]* ) ]]; then
      before=\${words[last]}
      [[ $word == [=:]* ]] && before+=$word
      words[last]+=$word
    else
      before=''
      words[++last]=$word
    fi
    [[ $word == *[=:] && $word != *[!=:]* ]] && joins=1 || joins=''
  done
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      [[ $line == :4 ]] && compopt +o default 2>/dev/null
    else
      line=\${line%%$'\\t'*}
      COMPREPLY+=("\${line#"$before"}")
    fi
  done < <(memkeep complete -- "\${words[@]}" 2>/dev/null)
}
complete -o default -F _memkeep memkeep
`
