"""Where a frame goes in a running lab, stage by stage, and what keeps it from getting there.

What IP decides comes from the model's own oracle, what switches decide from the switches themselves, asked one after
the other. Nothing here sends a packet, and nothing a switch has learned changes. How the switches are asked is
:mod:`lab.emulation.tracing`'s business.
"""
