"""The PowerShell console: the cmdlets of Windows Server, in its syntax and with its tables, on a lab.

:mod:`parser` turns text into :mod:`syntax`, :mod:`interpreter` evaluates that, :mod:`binder` gives a command of
:mod:`command` its arguments, and :mod:`place` is what the commands work on.
"""
