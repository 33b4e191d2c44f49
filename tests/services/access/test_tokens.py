"""Tokens: which are believed, and the claims they hold."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.tokens import Claims, Tokens
from services.errors import Forbidden, Unauthorized

SCALARS = st.booleans() | st.text(max_size=5) | st.floats() | st.integers() | st.lists(st.text())
SECRET = "a-secret-of-the-tests-that-is-long-enough"


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed(payload: Any, header: Any = None, secret: str = SECRET) -> str:
    """Any JSON at all as a token with a right signature, also what no library would sign."""
    head = encoded(json.dumps({"alg": "HS256"} if header is None else header).encode())
    body = encoded(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    mac = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{encoded(mac)}"


def refused(token: str, **options: Any) -> None:
    tokens = Tokens(SECRET, **options)
    for _ in range(2):  # what is remembered of the first time changes nothing
        with pytest.raises(Unauthorized) as refusal:
            tokens.verify(token)
        assert refusal.value.message == "Invalid token"


def accepted(token: str, **options: Any) -> Claims:
    tokens = Tokens(SECRET, **options)
    first = tokens.verify(token)
    assert tokens.verify(token) == first
    return first


def test_a_token_comes_back_as_it_was_signed() -> None:
    tokens = Tokens(SECRET)
    token = tokens.sign("ana", ttl=60, bots=["b1", "b2"], publish=True, admin=True, signin="abc")
    claims = tokens.verify(token)
    assert claims == Claims(
        sub="ana",
        exp=claims.exp,
        bots=frozenset({"b1", "b2"}),
        publish=True,
        admin=True,
        signin="abc",
    )
    assert claims.exp == pytest.approx(time.time() + 60, abs=2)


@pytest.mark.parametrize("bots", [None, "*"])
def test_without_bots_or_with_a_star_it_may_all(bots: Any) -> None:
    claims = Tokens(SECRET).verify(Tokens(SECRET).sign("ana", bots=bots))
    assert claims.bots is None
    assert claims.may("any")
    claims.require_bot("any")


def test_with_bots_it_may_those_only() -> None:
    claims = accepted(signed({"sub": "ana", "bots": ["b1"]}))
    assert claims.may("b1")
    assert not claims.may("b2")
    with pytest.raises(Forbidden):
        claims.require_bot("b2")
    assert not accepted(signed({"sub": "ana", "bots": []})).may("b1")


def test_the_rights_it_does_not_name_it_does_not_have() -> None:
    claims = accepted(signed({"sub": "ana"}))
    assert (claims.publish, claims.admin, claims.signin, claims.exp) == (False, False, None, None)
    with pytest.raises(Forbidden):
        claims.require_admin()


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": ""},
        {"sub": None},
        {"sub": 5},
        {"sub": ["ana"]},
        {"sub": "\ud800"},
        {"sub": "a", "exp": "9999999999"},
        {"sub": "a", "exp": None},
        {"sub": "a", "exp": True},
        {"sub": "a", "exp": []},
        {"sub": "a", "exp": float("nan")},
        {"sub": "a", "exp": float("inf")},
        {"sub": "a", "exp": 1e300},
        {"sub": "a", "exp": 10**400},
        {"sub": "a", "iat": "now"},
        {"sub": "a", "iat": []},
        {"sub": "a", "iat": True},
        {"sub": "a", "iat": float("inf")},
        {"sub": "a", "nbf": {}},
        {"sub": "a", "nbf": "0"},
        {"sub": "a", "nbf": float("nan")},
        {"sub": "a", "bots": None},
        {"sub": "a", "bots": "b1"},
        {"sub": "a", "bots": ""},
        {"sub": "a", "bots": {"b1": 1}},
        {"sub": "a", "bots": [5]},
        {"sub": "a", "bots": ["b1", None]},
        {"sub": "a", "bots": ["\udfff"]},
        {"sub": "a", "bots": 0},
        {"sub": "a", "publish": 1},
        {"sub": "a", "publish": "true"},
        {"sub": "a", "publish": None},
        {"sub": "a", "admin": 1},
        {"sub": "a", "admin": "yes"},
        {"sub": "a", "admin": []},
        {"sub": "a", "signin": 5},
        {"sub": "a", "iat": None},
        {"sub": "a", "nbf": None},
        {"sub": "a", "jti": 5},
        {"sub": "a", "jti": None},
    ],
    ids=repr,
)
def test_a_claim_of_the_wrong_type_makes_it_invalid(claims: Any) -> None:
    refused(signed(claims))


@pytest.mark.parametrize("payload", [b"[]", b"5", b'"x"', b"null", b"{", b"\xff", b"[" * 100_000])
def test_a_payload_that_is_no_object_is_invalid(payload: bytes) -> None:
    refused(signed(payload))


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "nOnE", "HS384", "HS512", "RS256", "", "hs256"]
)
def test_only_hs256_is_ever_accepted(algorithm: str) -> None:
    refused(signed({"sub": "ana"}, {"alg": algorithm, "typ": "JWT"}))


def test_other_algorithms_rightly_signed_are_refused_too() -> None:
    long = SECRET * 3
    for algorithm in ("HS384", "HS512"):
        token = jwt.encode({"sub": "ana"}, long, algorithm=algorithm)
        with pytest.raises(Unauthorized):
            Tokens(long).verify(token)
    refused(jwt.encode({"sub": "ana"}, "", algorithm="none"))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"alg": ["HS256"]},
        {"alg": "HS256", "crit": ["exp"]},
        {"alg": "HS256", "crit": []},
        {"alg": "HS256", "crit": None},
        {"alg": "HS256", "crit": ["b64"], "b64": True},
        {"alg": "HS256", "b64": False},
        {"alg": "HS256", "b64": None},
        {"alg": "HS256", "kid": 5},
        {"alg": "HS256", "kid": None},
        [],
    ],
    ids=repr,
)
def test_a_header_it_does_not_know_is_refused(header: Any) -> None:
    refused(signed({"sub": "ana"}, header))


def test_another_key_is_refused() -> None:
    refused(signed({"sub": "ana"}, secret=SECRET + "x"))
    refused(signed({"sub": "ana"}, secret=""))


@pytest.mark.parametrize("text", ["", "x", "..", "a.b", "a.b.c.d", "é.é.é", "\0", "x" * 1_000_000])
def test_what_is_no_token_is_refused(text: str) -> None:
    refused(text)


def test_every_changed_character_is_noticed() -> None:
    good = signed({"sub": "ana"})
    tokens = Tokens(SECRET)
    tokens.verify(good)
    for position in range(len(good) - 1):  # the last one has bits that mean nothing
        changed = good[:position] + ("A" if good[position] != "A" else "B") + good[position + 1 :]
        with pytest.raises(Unauthorized):
            tokens.verify(changed)


def test_a_part_has_one_spelling_and_its_padding() -> None:
    head, body, mac = signed({"sub": "ana!"}).split(".")

    def padded(part: str) -> str:
        return part + "=" * (-len(part) % 4)

    assert accepted(f"{head}.{body}.{padded(mac)}").sub == "ana!"
    for other in (mac + "=", mac + "==", f" {mac}", f"{mac}\n", f"{mac[:9]}!{mac[9:]}", mac[:-1]):
        if other != padded(mac):
            refused(f"{head}.{body}.{other}")
    # Bits that mean nothing have to be zero.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    refused(f"{head}.{body}.{mac[:-1]}{last[last.index(mac[-1]) + 1]}")


@given(st.text(alphabet="abcXYZ019-_=.+/ é") | st.binary().map(repr))
def test_what_pyjwt_refuses_is_refused(junk: str) -> None:
    head, body, mac = signed({"sub": "ana"}).split(".")
    for token in (f"{head}.{body}.{junk}", f"{junk}.{body}.{mac}", f"{head}.{junk}.{mac}", junk):
        try:
            jwt.decode(token, SECRET, algorithms=["HS256"])
        except jwt.PyJWTError:
            refused(token)


@given(
    st.dictionaries(
        st.sampled_from(["alg", "typ", "kid", "b64", "crit", "x"]), st.none() | SCALARS
    ),
    st.dictionaries(
        st.sampled_from(["sub", "exp", "iat", "nbf", "jti", "aud", "iss"]), st.none() | SCALARS
    ),
)
def test_what_is_believed_pyjwt_would_believe(header: Any, payload: Any) -> None:
    token = signed({"sub": "ana", **payload}, {"alg": "HS256", **header})
    options: Any = {"require": ["sub"], "verify_aud": False, "verify_exp": False}
    try:
        jwt.decode(token, SECRET, algorithms=["HS256"], leeway=10, options=options)
    except jwt.PyJWTError:
        refused(token)


def test_exp_has_no_leeway_and_counts_again_for_a_token_seen_before() -> None:
    now = time.time()
    refused(signed({"sub": "a", "exp": now - 0.5}))
    refused(signed({"sub": "a", "exp": 0}))
    refused(signed({"sub": "a", "exp": -5}))
    assert accepted(signed({"sub": "a", "exp": now + 30})).exp == now + 30
    tokens, soon = Tokens(SECRET), signed({"sub": "a", "exp": time.time() + 0.05})
    tokens.verify(soon)
    while time.time() < now + 5:
        try:
            tokens.verify(soon)
        except Unauthorized:
            break
    else:
        raise AssertionError("it never expired")


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_signers_clock_may_run_ten_seconds_ahead(claim: str) -> None:
    now = time.time()
    assert accepted(signed({"sub": "a", claim: now + 8})).sub == "a"
    refused(signed({"sub": "a", claim: now + 14}))
    assert accepted(signed({"sub": "a", claim: 0})).sub == "a"


def test_an_exp_can_be_required() -> None:
    refused(signed({"sub": "a"}), require_exp=True)
    assert accepted(signed({"sub": "a", "exp": time.time() + 9}), require_exp=True).sub == "a"


def test_claims_of_others_are_no_matter() -> None:
    claims = {"sub": "a", "aud": "x", "iss": "y", "jti": "z", "role": "admin", "scope": ["all"]}
    assert not accepted(signed(claims)).admin


def test_what_is_remembered_is_bounded() -> None:
    tokens = Tokens(SECRET)
    many = [signed({"sub": f"user-{n}"}) for n in range(5000)]
    for number, token in enumerate(many):
        assert tokens.verify(token).sub == f"user-{number}"
    assert len(tokens._verified) <= 4096
    assert tokens.verify(many[0]).sub == "user-0"
