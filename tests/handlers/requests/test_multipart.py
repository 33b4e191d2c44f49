"""Forms as they come, in whatever pieces."""

import pytest

from handlers.requests.multipart import Multipart, Part, boundary_of
from services.errors import Invalid

FILE = b"\r\n--almost\r\n-\r" + bytes(range(256))
BODY = (
    b'preamble\r\n--edge\r\nContent-Disposition: form-data; name="content"\r\n\r\n'
    b"hola\r\nqu\xc3\xa9\r\n"
    b'--edge\r\ncontent-disposition: form-data; name="empty"\r\n\r\n\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a %22b%22;c.png"\r\n'
    b"Content-Type: image/png\r\nX-More: 1\r\n\r\n" + FILE + b"\r\n--edge--\r\nepilogue"
)
WANTED = [
    (Part("content", None, None), "hola\r\nqué".encode()),
    (Part("empty", None, None), b""),
    (Part("file", 'a "b";c.png', "image/png"), FILE),
]


def read(body: bytes, size: int) -> tuple[list[tuple[Part, bytes]], bool]:
    form = Multipart(b"edge")
    found: list[tuple[Part, bytes]] = []
    for start in range(0, len(body), size):
        for one in form.feed(body[start : start + size]):
            if isinstance(one, Part):
                found.append((one, b""))
            else:
                part, content = found[-1]
                found[-1] = (part, content + one)
    return found, form.is_complete


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
def test_a_form_is_the_same_in_any_pieces(size: int) -> None:
    assert read(BODY, size) == (WANTED, True)
    assert read(BODY.removeprefix(b"preamble\r\n"), size) == (WANTED, True)
    # Cut anywhere before its last delimiter, it is known not to be whole.
    for cut in range(0, BODY.rfind(b"--edge--") + 7, 11):
        assert read(BODY[:cut], size)[1] is False


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Disposition: form-data",
        b'Content-Disposition: attachment; name="a"',
        b'Content-Type: text/plain; name="a"',
        b"x" * 9_000,
        b'Content-Disposition: form-data; name="\xff"',
    ],
)
def test_a_field_without_a_name_is_refused(head: bytes) -> None:
    with pytest.raises(Invalid):
        list(Multipart(b"edge").feed(b"--edge\r\n" + head + b"\r\n\r\nhola\r\n--edge--"))


def test_a_form_has_so_many_fields() -> None:
    field = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    with pytest.raises(Invalid):
        list(Multipart(b"edge").feed(field * 33))


def test_a_form_names_its_boundary() -> None:
    assert boundary_of("application/json") is None
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    assert boundary_of("Multipart/Form-Data; BOUNDARY=edge") == b"edge"
    for wrong in ("", "; boundary=", '; boundary="a\r\nb"', "; boundary=" + "x" * 71):
        with pytest.raises(Invalid):
            boundary_of("multipart/form-data" + wrong)
