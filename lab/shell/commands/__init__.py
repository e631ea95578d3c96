"""The commands of PowerShell itself; :mod:`lab.shell.registry` imports what is needed."""
