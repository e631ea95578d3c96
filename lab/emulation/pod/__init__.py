"""A lab is a pod: one process with its own namespaces, inside which everything of the lab lives.

Killing that process removes the lab, and nothing of it is ever outside. `pod` creates, finds and enters labs; `init` is
the program that runs as their first process. This package knows nothing of Hyper-V, Mininet or Open vSwitch.
"""
