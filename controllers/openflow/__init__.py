"""OpenFlow on the wire: values to messages and back. ``cookies`` needs no OpenFlow library; the rest does."""
