"""What boots over the network, and what it boots from: a PXE boot loader, a PXE responder, and boot images.

These are programs that run inside machines, on the standard library only; no other part of hvlab is loaded there.
"""
