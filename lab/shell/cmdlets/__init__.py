"""The cmdlets of Windows Server's modules, by noun; :mod:`lab.shell.registry` imports what is needed."""
