"""connect.py ADDRESS PORT SECONDS: try to open a TCP connection, and tell how that went."""

import json
import socket
import sys


def main(address: str, port: str, seconds: str) -> dict[str, object]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(float(seconds))
        try:
            connection.connect((address, int(port)))
        except OSError as error:
            return {"connected": False, "why": error.strerror or "timed out"}
        return {"connected": True, "source": connection.getsockname()[0]}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
