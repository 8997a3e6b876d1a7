import pytest

from easeml_action.testset.ciphertext import check_ciphertext
from easeml_action.testset.gpg_errors import NotEncrypted

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty.*easeml encrypt"),
        (b" \n", "the file is empty"),
        (POINTER, "Git LFS.*lfs: true.*actions/checkout"),
        (b"a,b,label\nSECRET,2,3\n", "plain table that nobody encrypted"),
        ("é".encode() * 3000, "plain table"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "a key or a signature"),
        (b"\x1f\x8b\x08\x00SECRET", "not those of OpenPGP"),
        (b"PK\x03\x04\x00\x00", "not those of OpenPGP"),
        (b"\x99\x01\x0d\x04", "not those of OpenPGP"),
    ],
)
def test_what_stands_in_place_of_a_ciphertext_is_named(data: bytes, message: str) -> None:
    with pytest.raises(NotEncrypted, match=message) as caught:
        check_ciphertext(data)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"\x85\x01\x0c\x03",  # session key for a public key, old packet format
        b"\xc1\xc0\x4c\x03",  # the same, new format
        b"\x8c\x0d\x04\x09",  # session key from a passphrase
        b"\n-----BEGIN PGP MESSAGE-----\n",
        b"note for humans\n-----BEGIN PGP MESSAGE-----\n",
    ],
)
def test_what_may_be_a_ciphertext_goes_on_to_gpg(data: bytes) -> None:
    check_ciphertext(data)
