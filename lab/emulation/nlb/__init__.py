"""The part of Network Load Balancing that is in the guest: in Windows a driver, here a program for each adapter.

It is run by the pod's first process as `python3 -I -S -E …/nlb/__main__.py SETUP`, in the namespaces of a VM, needs the
standard library only, and imports nothing else of hvlab. So a cluster works while everything else of a lab is away: its
members know of each other by the frames that they send through the virtual switch, and by nothing else.

* :mod:`.setup`: what a member is told to be.
* :mod:`.buckets`: how the buckets of a port rule are divided among the members.
* :mod:`.frames`: heartbeats, and the other frames that a member makes itself.
* :mod:`.membership`: who is there, and convergence; pure, time is passed in.
* :mod:`.filter`: what is accepted, as rules of nftables.
* :mod:`.hashing`: in which bucket a client is.
* :mod:`.guest`: the adapter's addresses, its sockets, its connections.
* :mod:`.control`: questions and orders from outside.
* :mod:`.agent`: all of this together.
"""
