"""Forms with a file, as a browser sends them."""

from tests.running import Answer, RunningPulso

BOUNDARY = "----a-form-of-the-tests"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 20
OGG = b"OggS" + b"voice" * 20


def form(
    file: bytes, filename: str = "foto.png", mimetype: str = "image/png", /, **fields: str
) -> bytes:
    """The body of a form with this file and these fields."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        f"Content-Type: {mimetype}\r\n\r\n"
    )
    return "".join([*parts, head]).encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()


def post_form(pulso: RunningPulso, path: str, body: bytes, token: str | None) -> Answer:
    """What the server answers to a form."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return pulso.request("POST", path, body, token=token, headers={"Content-Type": kind})
