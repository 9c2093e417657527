"""Ed25519 (RFC 8032), verified strictly: no point of small order, nothing spelt in two ways.

The signature's equation itself is left to the ``cryptography`` package. What libraries differ in stands here, on whole numbers.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ORDER = 2**252 + 27742317777372353535851937790883648493
_ROOT = pow(2, (_P - 1) // 4, _P)  # a square root of −1


def point(data: bytes) -> tuple[int, int] | None:
    """The point that 32 bytes spell (RFC 8032 §5.1.3), or nothing: a coordinate not below p, and a sign on zero, spell none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(data) != 32 or y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _ROOT % _P
        if v * x * x % _P != u:
            return None
    if x == 0 and sign:
        return None
    return (_P - x if x & 1 != sign else x), y


def is_small(of: tuple[int, int]) -> bool:
    """Whether eight times a point is nothing, so that anybody could sign for it."""
    x, y, z = of[0], of[1], 1
    for _ in range(3):  # doubling on −x² + y² = 1 + d·x²·y², in projective coordinates
        b, c, d = (x + y) ** 2 % _P, x * x % _P, y * y % _P
        f = (d - c) % _P
        j = (f - 2 * z * z) % _P
        x, y, z = (b - c - d) * j % _P, f * (-c - d) % _P, f * j % _P
    return x % _P == 0 and (y - z) % _P == 0


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is that key's over the message, verified strictly."""
    if len(public) != 32 or len(signature) != 64:
        return False
    if int.from_bytes(signature[32:], "little") >= _ORDER:
        return False
    for data in (public, signature[:32]):
        spelt = point(data)
        if spelt is None or is_small(spelt):
            return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
