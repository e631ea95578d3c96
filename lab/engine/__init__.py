"""From a model to a running lab and back: blueprint, plan, session. Knows nothing of Mininet, namespaces or OVSDB."""
