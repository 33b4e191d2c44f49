"""A QR code's text as an image that ``<img src>`` shows."""

import segno


def qr_image(text: str) -> str:
    """A ``data:`` URL of an SVG, black on white whatever the page's colours."""
    # WhatsApp's own codes use the lowest error correction: a screen has no scratches, and
    # fewer modules are easier for a phone to read.
    code = segno.make_qr(text, error="l")
    return code.svg_data_uri(scale=4, border=4, light="#fff", omitsize=True)
