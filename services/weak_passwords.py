"""Passwords that are tried first, and so keep nobody out."""

# Of eight characters and more; the heads of the lists that guessers use, with our own names.
COMMON = frozenset(
    """
    password passw0rd password1 password12 password123 p@ssw0rd
    12345678 123456789 1234567890 87654321 987654321 123123123 12341234 11223344
    qwertyui qwertyuiop qwerty12 qwerty123 asdfghjk asdfghjkl 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
    abcd1234 abc12345 abcdefgh iloveyou letmein1 welcome1 changeme changeme1 football
    baseball sunshine princess superman trustno1 administrator admin123 admin1234
    contraseña contrasena contraseña1 contrasena1 whatsapp whatsapp1
    """.split()  # noqa: SIM905 - a list of 50 strings is harder to read
)


def is_weak(password: str, username: str | None = None) -> bool:
    """One of the most common, one character over and over, or the name it belongs to."""
    plain = password.strip().casefold()
    return (
        plain in COMMON
        or len(set(plain)) <= 1
        or (username is not None and plain == username.strip().casefold())
    )
