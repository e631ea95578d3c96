"""Script blocks, functions and hash tables of a script (about_Functions, about_Script_Blocks, about_Hash_Tables)."""

from __future__ import annotations

import re
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import NAME
from lab.shell.parse_statements import Statements

_BLOCK_NAMES: Final = ("begin", "process", "end", "dynamicparam")
_FUNCTION_NAME: Final = re.compile(r"(?![@$'\"<>])[^\s{}();,|&]+")
_HELP: Final = re.compile(
    r"^\s*#?\s*\.(synopsis|description|parameter|example|inputs|outputs|notes|link|component|role|functionality"
    r"|externalhelp|forwardhelptargetname)\b",
    re.IGNORECASE | re.MULTILINE,
)
_REQUIRES: Final = re.compile(r"#requires\b[^\S\r\n]*(.*)", re.IGNORECASE)
_FIRST_COMMENT: Final = re.compile(r"\s*(?:<#(.*?)#>|(#[^\r\n]*(?:\r?\n[^\S\r\n]*#[^\r\n]*)*))", re.DOTALL)
_MISSING_BRACE: Final = "Missing closing '}' in statement block or type definition."


class Definitions(Statements):
    """Reads what has a body of its own."""

    def script(self) -> syntax.ScriptBlock:
        """Read the whole text."""
        body = self._script_block_body(0, ())
        if not self.at_end():
            raise self.unexpected()
        requires = [
            found[1].strip()
            for start, end in sorted(self.comments.items())
            if (found := _REQUIRES.match(self.text, start, end)) and not self.text[:start].rpartition("\n")[2].strip()
        ]
        return syntax.ScriptBlock(
            body.parameters, body.attributes, body.begin, body.process, body.end, tuple(requires), extent=self.extent(0)
        )

    def script_block(self) -> syntax.Expression:
        start = self.pos
        body = self._braced_body(())
        return syntax.ScriptBlockExpression(body, extent=self.extent(start))

    def _braced_body(self, parameters: tuple[syntax.Parameter, ...], in_process: bool = False) -> syntax.ScriptBlock:
        """Read ``{ … }``; the extent of the result is what is between the braces."""
        start = self.pos
        self.pos += 1
        commas, self.commas = self.commas, True
        body = self._script_block_body(start + 1, parameters, in_process)
        if self.peek() != "}":
            if not self.at_end():
                raise self.unexpected()
            raise self.unfinished("MissingEndCurlyBrace", _MISSING_BRACE, start, start + 1)
        self.pos += 1
        self.commas = commas
        return body

    def _script_block_body(
        self, start: int, parameters: tuple[syntax.Parameter, ...], in_process: bool = False
    ) -> syntax.ScriptBlock:
        attributes, declared = self._param_block(bool(parameters))
        self.skip_terminators()
        if self._block_name():
            blocks = self._named_blocks()
        else:
            blocks = {"process" if in_process else "end": self.statements()}
        self.skip_terminators()
        return syntax.ScriptBlock(
            parameters or declared,
            attributes,
            blocks.get("begin"),
            blocks.get("process"),
            blocks.get("end"),
            extent=self.extent(start),
        )

    def _param_block(self, has_parameters: bool) -> tuple[tuple[syntax.Attribute, ...], tuple[syntax.Parameter, ...]]:
        place = self.pos
        self.skip_terminators()
        attributes = self.attributes()
        self.skip_newlines()
        start = self.pos
        if self.take_keyword("param"):
            self.skip_newlines()
            if self.peek() == "(":
                if has_parameters:
                    message = (
                        "The param statement cannot be used if arguments were specified in the function declaration."
                    )
                    raise self.fail("OnlyOneParameterListAllowed", message, start, self.pos)
                for each in attributes:
                    if isinstance(each, syntax.TypeName):
                        message = f"Unexpected type [{each.name}] was found in the parameter statement."
                        raise self.fail("TypeNotAllowedBeforeParam", message, each.extent.start, each.extent.end)
                return tuple(each for each in attributes if isinstance(each, syntax.Attribute)), self.parameters()
        self.pos = place
        return (), ()

    def _block_name(self) -> str:
        """Return the word here if it begins a named block."""
        name = self.keyword()
        return name if name in _BLOCK_NAMES else ""

    def _named_blocks(self) -> dict[str, syntax.StatementBlock]:
        blocks: dict[str, syntax.StatementBlock] = {}
        while not self.at_end() and self.peek() != "}":
            start = self.pos
            name = self._block_name()
            if not name:
                token = self.unexpected().record
                message = token.message.removeprefix("Unexpected").removesuffix(" in expression or statement.")
                message = f"unexpected{message}, expected 'begin', 'process', 'end', or 'dynamicparam'."
                extent = token.extent
                raise self.fail("MissingNamedBlocks", message, start, extent.end if extent else start)
            self.take_keyword(name)
            if name == "dynamicparam":
                raise self.unknown("'dynamicparam'", start, self.pos, "declare the parameters in param ( … ) instead")
            if name in blocks:
                message = f"Script command clause '{name}' has already been defined."
                raise self.fail("DuplicateScriptCommandClause", message, start, self.pos)
            block = self.block()
            if block is None:
                raise self.missing("MissingNamedStatementBlock", f"Missing statement block after '{name}'.", self.pos)
            blocks[name] = block
            self.skip_terminators()
        return blocks

    # Functions

    def function(self, start: int, keyword: str) -> syntax.FunctionDefinition:
        after = self.pos
        self.skip_newlines()
        found = _FUNCTION_NAME.match(self.text, self.pos)
        if found is None:
            raise self.missing("MissingNameAfterKeyword", f"Missing name after {keyword} keyword.", after)
        self.pos = after = found.end()
        self.mark("command", found.start())
        self.skip_newlines()
        parameters: tuple[syntax.Parameter, ...] = ()
        if self.peek() == "(":
            parameters = self.parameters()
            after = self.pos
            self.skip_newlines()
        if self.peek() != "{":
            raise self.missing("MissingFunctionBody", "Missing function body in function declaration.", after)
        opening = self.pos
        body = self._braced_body(parameters, in_process=keyword == "filter")
        text = self._help(start, opening + 1, self.pos - 1)
        return syntax.FunctionDefinition(found[0], body, text, extent=self.extent(start))

    def _help(self, start: int, opening: int, closing: int) -> str:
        """Return the help in comments: at the beginning or the end of a body, or right before the function."""
        inside = _comment_after(self.text, opening) or _comment_before(self.text, closing)
        return inside or _comment_before(self.text, start)

    # Hash tables

    def hashtable(self) -> syntax.Expression:
        start = self.pos
        self.pos += 2
        commas, self.commas = self.commas, True
        self.skip_newlines()
        entries: list[tuple[syntax.Expression, syntax.Statement]] = []
        known: set[object] = set()
        while True:
            key = self._key()
            if key is None:
                break
            self._refuse_known_key(key, known)
            entries.append((key, self._entry(key)))
            self.skip_space()
            if self.peek() not in ("\r", "\n", ";"):
                break
            self.skip_terminators()
        if not self.take("}"):
            self.skip_newlines()
            if self.peek() == "=":
                raise self.fail("MissingKeyInHashLiteral", "Missing key before '=' in hash literal.", self.pos)
            raise self.missing("MissingEndCurlyBrace", _MISSING_BRACE, start, start + 2)
        self.commas = commas
        return syntax.Hashtable(tuple(entries), extent=self.extent(start))

    def _key(self) -> syntax.Expression | None:
        found = NAME.match(self.text, self.pos)
        if found:
            self.pos = found.end()
            self.mark("member", found.start())
            return syntax.Constant(found[0], extent=self.extent(found.start()))
        commas, self.commas = self.commas, False
        key = self.unary()
        self.commas = commas
        return key

    def _refuse_known_key(self, key: syntax.Expression, known: set[object]) -> None:
        if not isinstance(key, syntax.Constant):
            return
        value = key.value.lower() if isinstance(key.value, str) else key.value
        if value in known:
            message = f"Duplicate keys '{key.value}' are not allowed in hash literals."
            raise self.fail("DuplicateKeyInHashLiteral", message, key.extent.start, key.extent.end)
        known.add(value)

    def _entry(self, key: syntax.Expression) -> syntax.Statement:
        self.skip_space()
        if not self.take("="):
            message = "Missing '=' operator after key in hash literal."
            raise self.missing("MissingEqualsInHashLiteral", message, key.extent.end)
        after = self.pos
        self.mark("operator", after - 1)
        self.skip_newlines()
        value = self.statement()
        if value is None:
            message = "Missing statement after '=' in hash literal."
            raise self.missing("MissingStatementInHashLiteral", message, after)
        return value


def _comment_after(text: str, place: int) -> str:
    """Return the help in the comment that comes first from there."""
    found = _FIRST_COMMENT.match(text, place)
    return _help_of(found[1] or found[2] or "") if found else ""


def _comment_before(text: str, place: int) -> str:
    """Return the help in the comment that comes last before that."""
    end = place
    while end > 0 and text[end - 1].isspace():
        end -= 1
    if text.endswith("#>", 0, end):
        start = text.rfind("<#", 0, end)
        return _help_of(text[start + 2 : end - 2]) if start >= 0 else ""
    start = end
    while True:
        line = text.rfind("\n", 0, max(start - 1, 0)) + 1
        if not text[line:start].lstrip().startswith("#"):
            return _help_of(text[start:end])
        start = line
        if line == 0:
            return _help_of(text[:end])


def _help_of(comment: str) -> str:
    """Return a comment's text without the signs before its lines, if it is help; empty otherwise."""
    if not _HELP.search(comment):
        return ""
    lines = comment.strip().splitlines()
    return "\n".join(re.sub(r"^\s*#+ ?", "", line) for line in lines)
