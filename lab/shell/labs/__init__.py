"""What the cmdlets of module hvlab have in common: what real Windows has no cmdlet for, since there it is hardware."""
