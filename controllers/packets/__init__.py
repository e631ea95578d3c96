"""Packets that the controller itself reads and makes: octets in, values out, and back. No octets make it raise."""
