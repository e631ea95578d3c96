"""The command line `hvlab`: what each command says, and its exit code. Everything heavy is imported by the command."""
