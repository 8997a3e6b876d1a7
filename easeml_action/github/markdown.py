"""Markdown in which nothing untrusted acts: the template engine and its filters.

Branch names, conditions and error texts come from people who may wish to forge a link, a mention or
a table. Whatever a template prints is escaped unless a filter below has made it safe.
"""

import re
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from easeml_action.github.workflow import clean_text

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>()#+~|!&$])")
_MAX_CODE = 500


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def escape(value: object) -> Markdown:
    """Return text that Markdown shows as it is, in one line.

    A backslash takes the meaning off punctuation; an invisible character after ``@``, between ``:``
    and ``//``, and after ``www`` keeps GitHub from making a mention or a link of the rest.
    """
    if isinstance(value, Markdown):
        return value
    line = " ".join(clean_text(str(value)).split())
    line = _PUNCTUATION.sub(r"\\\1", line)
    # At the start of a line these open a list, a heading or a rule.
    line = re.sub(r"^([-=:])(?!\d)", r"\\\1", line)
    line = re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", line)
    return Markdown(re.sub(r"(@|:(?=//)|www(?=\.))", "\\1\u200b", line, flags=re.IGNORECASE))


def code(value: object) -> Markdown:
    """Return text as a code span, whatever back-ticks it holds; in one line, cut to 500 signs."""
    line = " ".join(clean_text(str(value)).split())
    if len(line) > _MAX_CODE:
        line = line[: _MAX_CODE - 1] + "…"
    fence = _fence(line, 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return Markdown(f"{fence}{pad}{line}{pad}{fence}")


def cell(value: object) -> Markdown:
    """Return text as a code span inside a table, where a bare ``|`` would end the cell."""
    return Markdown(code(value).replace("|", "\\|"))


def block(value: object) -> Markdown:
    """Return text as a fenced block of code, with its lines and blanks kept."""
    text = clean_text(str(value)).strip("\n")
    fence = _fence(text, 3)
    return Markdown(f"{fence}text\n{text}\n{fence}")


def shell(value: object) -> Markdown:
    """Return a value quoted for a POSIX shell, for use inside a fenced block of commands."""
    line = " ".join(clean_text(str(value)).split())
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", line):
        return Markdown(line)
    return Markdown("'" + line.replace("'", "'\\''") + "'")


def url(value: object) -> Markdown:
    """Return an address that stays inside the brackets of a link."""
    return Markdown(quote(clean_text(str(value)), safe=":/?#@!$&*+,;=%~"))


def _fence(text: str, shortest: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(shortest, longest + 1)


def _plain(value: object) -> str:
    return clean_text(str(value))


_LOADER = PackageLoader("easeml_action", "templates")

# Jinja's own escaping is for HTML; `finalize` sees every printed value and escapes for Markdown.
_MARKDOWN = Environment(  # noqa: S701
    loader=_LOADER,
    finalize=escape,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_MARKDOWN.filters.update(code=code, cell=cell, block=block, shell=shell, url=url)  # nosec B604 # a filter's name

_TEXT = Environment(  # noqa: S701
    loader=_LOADER,
    finalize=_plain,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render_markdown(template: str, **values: object) -> str:
    """Render a Markdown template of the package; what it prints is escaped for Markdown."""
    return _MARKDOWN.get_template(template).render(**values)


def render_text(template: str, **values: object) -> str:
    """Render a plain-text template of the package; what it prints loses control characters."""
    return _TEXT.get_template(template).render(**values)
