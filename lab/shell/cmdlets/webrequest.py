"""Requests over HTTP from a machine of the lab: Invoke-WebRequest and Invoke-RestMethod."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from lab.errors import LabFault
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.net.programs import program
from lab.shell.objects import Hashtable, PSObject
from lab.shell.recording import accepted
from lab.shell.views import Column, show

_TYPE: Final = "Microsoft.PowerShell.Commands.BasicHtmlWebResponseObject"
_REDIRECTIONS: Final = 5
_WAIT_S: Final = 100
_NO_CONTENT: Final = 204
_AGENT: Final = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.17763.1"
_METHODS: Final = ("Default", "Get", "Head", "Post", "Put", "Delete", "Trace", "Options", "Merge", "Patch")

show(
    _TYPE, "list",
    "StatusCode", "StatusDescription", Column("Content", lambda item: _short(item, "Content")),
    Column("RawContent", lambda item: _short(item, "RawContent")), "Forms", "Headers", "Images", "InputFields",
    "Links", "ParsedHtml", "RawContentLength",
)  # fmt: skip

_SHOWN: Final = 200

_PARAMETERS: Final = (
    Parameter("Uri", position=0, mandatory=True, help="What is wanted, as http://web1/."),
    Parameter("Method", values=_METHODS, help="The method of the request; Get unless given."),
    Parameter("Headers", "Hashtable", help="Headers of the request."),
    Parameter("Body", "Object", pipe="V", help="What is sent with the request."),
    Parameter("ContentType", help="The type of the body."),
    Parameter("TimeoutSec", "Int32", minimum=0, help="How long to wait, in seconds."),
    Parameter("MaximumRedirection", "Int32", minimum=0, help="How many redirections to follow; 5 unless given."),
    Parameter("OutFile", help="The file, on this computer, that the answer is written to."),
    Parameter("PassThru", "Switch", help="With -OutFile: outputs the answer, too."),
    Parameter("UserAgent", help="Who asks."),
    Parameter("UseBasicParsing", "Switch", help="As always here."),
    Parameter("DisableKeepAlive", "Switch", support=Support.ACCEPTED),
    Parameter("UseDefaultCredentials", "Switch", support=Support.ACCEPTED),
    Parameter("Credential", "Object", support=Support.ACCEPTED),
    Parameter("SessionVariable", support=Support.ACCEPTED, aliases=("SV",)),
    Parameter("WebSession", "Object", support=Support.ACCEPTED),
    Parameter("Proxy", support=Support.ACCEPTED),
)


def _short(item: PSObject, name: str) -> str:
    """Return the beginning of a text: Windows shows no more of it either."""
    text = str(item.get(name) or "")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@command(
    "Invoke-WebRequest",
    "Microsoft.PowerShell.Utility",
    "Gets content from a web page on the Internet.",
    _PARAMETERS,
    aliases=("iwr", "wget", "curl"),
    output="BasicHtmlWebResponseObject",
    guest=True,
    examples=(
        Example("Invoke-WebRequest http://web1/ -UseBasicParsing", "Gets a page from a machine of the lab."),
        Example("(Invoke-WebRequest http://192.168.1.31:8080/).StatusCode", "Tells the status of the answer."),
    ),
)
def invoke_webrequest(call: Call) -> Iterator[object]:
    """Make a request over HTTP from the machine and output the answer."""
    answer = _answer(call)
    if _kept(call, answer):
        yield _object(answer)


@command(
    "Invoke-RestMethod",
    "Microsoft.PowerShell.Utility",
    "Sends an HTTP or HTTPS request to a RESTful web service.",
    _PARAMETERS,
    aliases=("irm",),
    output="Object",
    guest=True,
    examples=(Example("Invoke-RestMethod http://web1/status.json", "Gets what a service says, as objects."),),
)
def invoke_restmethod(call: Call) -> Iterator[object]:
    """Make a request over HTTP from the machine and output what it says: JSON as objects, all else as text."""
    answer = _answer(call)
    if not _kept(call, answer):
        return
    if "json" in answer.headers.get("Content-Type", "") and answer.text.strip():
        yield from call.runtime.call("ConvertFrom-Json", InputObject=answer.text)
    else:
        yield answer.text


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer; ``content`` is its body."""

    status: int
    reason: str
    version: str
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        kind = self.headers.get("Content-Type", "")
        charset = kind.partition("charset=")[2].partition(";")[0].strip('" ') or "utf-8"
        try:
            return self.content.decode(charset, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")


def _kept(call: Call, answer: _Answer) -> bool:
    """Write an answer to its file, if there is to be one; return whether to output it."""
    if "OutFile" not in call:
        return True
    path = call.files.written(call.get("OutFile"))
    try:
        path.write_bytes(answer.content)
    except OSError as error:
        raise ShellError(call.files.refusal(error, path, "FileOpenFailure")) from error
    return call.is_on("PassThru")


def _answer(call: Call) -> _Answer:
    """Make the request and follow redirections; a terminating error without a good answer."""
    accepted(call)
    url = call.get("Uri")
    url = url if "://" in url else f"http://{url}"
    method = call.get("Method", "Get").upper().replace("DEFAULT", "GET")
    body, kind = _body(call)
    left = call.get("MaximumRedirection", _REDIRECTIONS)
    while True:
        answer = _asked(call, url, method, body, kind)
        if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers and left > 0:
            url, left = urljoin(url, answer.headers["Location"]), left - 1
            continue
        if answer.status < 400 and "Location" in answer.headers:
            call.error(_too_often())
            return answer
        if answer.status >= 300:
            raise _error(f"The remote server returned an error: ({answer.status}) {answer.reason}.")
        return answer


def _body(call: Call) -> tuple[bytes | None, str]:
    given = call.get("Body")
    if given is None:
        return None, call.get("ContentType", "")
    if isinstance(given, Hashtable):
        pairs = urlencode([(str(name), str(value)) for name, value in given.items()])
        return pairs.encode(), call.get("ContentType", "application/x-www-form-urlencoded")
    return str(given).encode(), call.get("ContentType", "application/x-www-form-urlencoded")


def _has_host(url: str) -> bool:
    try:
        found = urlsplit(url)
        return bool(found.hostname) and found.port != 0
    except ValueError:
        return False


def _asked(call: Call, url: str, method: str, body: bytes | None, kind: str) -> _Answer:
    if not _has_host(url):
        raise _error("Invalid URI: The hostname could not be parsed.")
    headers = {"User-Agent": call.get("UserAgent", _AGENT)}
    headers |= {str(name): str(value) for name, value in call.get("Headers", Hashtable()).items()}
    headers |= {"Content-Type": kind} if kind else {}
    seconds = call.get("TimeoutSec", _WAIT_S) or _WAIT_S
    request = {
        "url": url, "method": method, "headers": headers, "seconds": seconds,
        "body": base64.b64encode(body).decode() if body is not None else None,
    }  # fmt: skip
    done = call.place.run(call.machine, program("fetch", json.dumps(request)), timeout_s=seconds + 10)
    if not done.out:
        raise LabFault(
            f"the request could not be made on {call.machine.name}: {done.err.strip() or 'it took too long'}"
        )
    found = json.loads(done.out)
    if "problem" in found:
        raise _problem(found, url)
    return _Answer(
        found["status"],
        found["reason"] or str(found["status"]),
        f"{found['version'] // 10}.{found['version'] % 10}",
        dict(found["headers"]),
        base64.b64decode(found["content"]),
    )


def _problem(found: dict[str, Any], url: str) -> ShellError:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    words = {
        "name": f"The remote name could not be resolved: '{host}'",
        "time": "The operation has timed out.",
        "connection": "Unable to connect to the remote server",
        "other": "Unable to connect to the remote server",
        "trust": "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure "
        "channel.",
        "protocol": "The server committed a protocol violation. Section=ResponseStatusLine",
    }
    return _error(words[found["problem"]])


def _too_often() -> ErrorRecord:
    words = (
        "The maximum redirection count has been exceeded. To increase the number of redirections allowed, supply a "
        "higher value to the -MaximumRedirection parameter."
    )
    target = PSObject("System.Net.HttpWebRequest", text="System.Net.HttpWebRequest")
    return ErrorRecord(words, "InvalidOperation", "MaximumRedirectExceeded", "InvalidOperationException", target)


def _error(words: str) -> ShellError:
    target = PSObject("System.Net.HttpWebRequest", text="System.Net.HttpWebRequest")
    return ShellError(
        ErrorRecord(words, "InvalidOperation", "WebCmdletWebResponseException", "System.Net.WebException", target)
    )


def _object(answer: _Answer) -> PSObject:
    lines = [f"HTTP/{answer.version} {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    text = answer.text
    is_text = answer.status != _NO_CONTENT
    return PSObject(
        (_TYPE, "Microsoft.PowerShell.Commands.WebResponseObject"),
        {
            "Content": text if is_text else "",
            "Forms": [],
            "InputFields": [],
            "Links": [],
            "Images": [],
            "Scripts": [],
            "ParsedHtml": None,
            "StatusCode": answer.status,
            "StatusDescription": answer.reason,
            "RawContent": "\r\n".join([*lines, "", text]),
            "Headers": Hashtable(answer.headers),
            "RawContentLength": len(answer.content),
        },
    )
