"""What the cmdlets of module Hyper-V have in common: the objects they output, and how they are told what to act on."""
