"""The OpenFlow side of hvlab: it turns the intent in each host's OVSDB into the flows that enforce it.

Read in this order: ``pipeline`` (the stages, declared), ``features`` (what each puts into them), ``compiler`` and
``diff`` (pure), ``openflow`` and ``intent_source`` (the two ways out), ``reconcile`` (what happens when something
changes). Without an OpenFlow framework installed these can be imported, and nothing else of this package should be by
the lab side: ``pipeline``, ``features``, ``view``, ``compiler``, ``diff`` and ``openflow.cookies``.
"""
