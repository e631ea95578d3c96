"""fetch.py JSON: make one HTTP request, and print the answer.

The request has ``url``, ``method``, ``headers``, ``body`` (base64) and ``seconds``; redirections are not followed.
"""

import base64
import http.client
import json
import socket
import ssl
import sys
from urllib.parse import urlsplit

_MOST = 64 * 2**20


def main(text: str) -> dict[str, object]:
    wanted = json.loads(text)
    try:
        url = urlsplit(wanted["url"])
        secure = url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=wanted["seconds"] or None)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        body = base64.b64decode(wanted["body"]) if wanted["body"] is not None else None
        connection.request(wanted["method"], path, body, wanted["headers"])
        answer = connection.getresponse()
        content = answer.read(_MOST)
    except socket.gaierror:
        return {"problem": "name"}
    except TimeoutError:
        return {"problem": "time"}
    except ssl.SSLError as error:
        return {"problem": "trust", "why": str(error)}
    except ConnectionError as error:
        return {"problem": "connection", "why": str(error)}
    except http.client.HTTPException as error:
        return {"problem": "protocol", "why": type(error).__name__}
    except (OSError, ValueError) as error:
        return {"problem": "other", "why": str(error)}
    return {
        "status": answer.status,
        "reason": answer.reason,
        "version": answer.version,
        "headers": answer.getheaders(),
        "content": base64.b64encode(content).decode(),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
