import pytest

from easeml_action.lfs import Pointer, parse_pointer

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
HEAD = b"version https://git-lfs.github.com/spec/v1\n"


def test_a_pointer_is_recognized() -> None:
    content = HEAD + f"oid sha256:{OID}\nsize 12345\n".encode()
    assert parse_pointer(content) == Pointer(OID, 12345)


def test_a_pointer_with_an_extension_is_recognized() -> None:
    content = HEAD + f"ext-0-foo sha256:{OID}\noid sha256:{OID}\nsize 1\n".encode()
    assert parse_pointer(content) == Pointer(OID, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEAD,
        b"print('hello')\n",
        HEAD + b"oid sha256:../../etc/passwd\nsize 1\n",
        HEAD + f"oid sha256:{OID[:-1]}\nsize 1\n".encode(),
        HEAD + f"oid sha256:{OID.upper()}\nsize 1\n".encode(),
        HEAD + f"oid sha256:{OID}\nsize -1\n".encode(),
        HEAD + f"oid sha256:{OID}\nsize 1\nmore\n".encode(),
        b"x" + HEAD + f"oid sha256:{OID}\nsize 1\n".encode(),
        HEAD + b"ext-0-a b\n" * 200 + f"oid sha256:{OID}\nsize 1\n".encode(),
    ],
)
def test_anything_else_is_an_ordinary_file(content: bytes) -> None:
    assert parse_pointer(content) is None
