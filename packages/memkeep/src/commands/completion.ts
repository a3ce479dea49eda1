import { describeArgument } from '../cli/argument.ts'
import { defineCommand, type CommandDefinition } from '../cli/definition.ts'
import { completionScript, SHELLS, type Shell } from '../cli/completion-scripts.ts'
import { EXIT } from '../cli/exit-code.ts'

/** `memkeep completion <shell>` */
export const completion: CommandDefinition = defineCommand({
  name: 'completion <shell>',
  summary: 'print the script that makes a shell complete memkeep',
  description: 'Prints a script that makes a shell complete the commands and options of memkeep.',
  examples: [
    {
      line: 'source <(memkeep completion bash)',
      does: 'in ~/.bashrc; zsh takes its own script the same way',
    },
    { line: 'memkeep completion fish > ~/.config/fish/completions/memkeep.fish', does: 'for fish, once' },
    {
      line: 'memkeep completion powershell | Out-String | Invoke-Expression',
      does: "in PowerShell's $PROFILE",
    },
  ],
  configure: (command) => {
    describeArgument(command, 'the shell to complete in')
    for (const argument of command.registeredArguments) argument.choices(SHELLS)
  },
  run({ output }, [shell]) {
    const script = completionScript(shell as Shell)
    output.result({ shell, script }, () => script)
    return Promise.resolve(EXIT.OK)
  },
})
