"""Addresses in a configuration: paths in the repository, refs and e-mail addresses."""

import posixpath
import re
from typing import Annotated

from pydantic import AfterValidator, Strict

from easeml_action.mail import is_address


def check_path(path: str) -> str:
    """Return a path inside the repository in its plain form, or raise ValueError."""
    plain = posixpath.normpath(path)
    if (
        not path.strip()
        or path.startswith(("/", "~", "-"))
        or plain.split("/", 1)[0] in {"..", ".", ".git"}
        or not path.isprintable()
        or "\\" in path
    ):
        raise ValueError("not a path inside the repository")
    return plain


def check_address(address: str) -> str:
    """Return an e-mail address that can stand in a header, or raise ValueError."""
    if not is_address(address):
        raise ValueError("not an e-mail address")
    return address


def check_ref(ref: str) -> str:
    """Return a name that git can take for a commit and for nothing else, or raise ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}", ref) or ".." in ref:
        raise ValueError("not a ref")
    return ref


Text = Annotated[str, Strict()]
Path = Annotated[Text, AfterValidator(check_path)]
Address = Annotated[Text, AfterValidator(check_address)]
Ref = Annotated[Text, AfterValidator(check_ref)]
