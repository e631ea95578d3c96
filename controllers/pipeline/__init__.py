"""The pipeline as data: stages, registers, priorities and drop reasons, each declared once; flows and groups as values.

Only here are there table numbers, register indexes and priorities. Nothing here knows an OpenFlow library, a feature
or the lab's model, so the lab side may import it: ``tables.stage_named("learn").number``,
``tables.stage_numbered(4).does``, ``reasons.DropReason(16).words``.
"""
