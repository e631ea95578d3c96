"""What the cmdlets of Windows' network modules have in common: the interfaces of a machine, and its IP settings."""
