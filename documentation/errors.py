"""The page of errors: what people have written of each, with its texts from the source.

An entry is a heading with the error's code, its texts as a quotation, and its cause and its cure.
Only the quotations are written here.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from documentation.sources import error_texts
from easeml_action.errors import code_of

PAGE = Path(__file__).parents[1] / "docs" / "errors.md"

_ENTRY = re.compile(r"^### (\S+)\n\n(?:(?:>.*\n)+\n)?", re.MULTILINE)


class EntriesDiffer(Exception):
    """The page and the source do not know the same errors."""


def write_errors() -> None:
    """Put the texts of the source into the page.

    Raises
    ------
    EntriesDiffer
        An error has no entry, or an entry no error.
    """
    texts = {code_of(name): said for name, said in error_texts().items()}
    PAGE.write_text(with_texts(PAGE.read_text(), texts))


def with_texts(page: str, texts: Mapping[str, Sequence[str]]) -> str:
    """Return the page with these texts in its entries; see :func:`write_errors`."""
    entries = _ENTRY.findall(page)
    missing = sorted(set(texts) - set(entries))
    extra = sorted(Counter(entries) - Counter(texts.keys()))
    if missing or extra:
        raise EntriesDiffer(
            f"{PAGE.name} has no entry for {missing}, and one too many for {extra}. An entry is: "
            "### CODE, an empty line, and the cause and the cure."
        )
    return _ENTRY.sub(lambda found: f"### {found[1]}\n\n{_quotation(texts[found[1]])}\n", page)


def _quotation(texts: Sequence[str]) -> str:
    spans = [f"`` {text} ``" if "`" in text else f"`{text}`" for text in texts]
    return "".join(f"> {span}\n" for span in "\n\n".join(spans).split("\n")).replace("> \n", ">\n")
