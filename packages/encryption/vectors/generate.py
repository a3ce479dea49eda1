"""Makes envelope-v1.json from the specification (docs/envelope.md) and python3-cryptography alone.

    python3 generate.py            writes the file
    python3 generate.py --check    says whether the file is what it would write
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys
import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE = pathlib.Path(__file__).with_name("envelope-v1.json")
IDS = {"aes-256-gcm": 1, "chacha20-poly1305": 2, "xchacha20-poly1305": 3}
COMPRESSED, PADDED, EXPIRES = 1, 2, 4
NOW = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MAX_INFLATED = 100_000

TEXT = b"The cache keeps what it is given."
LONG = b"again and " * 500

MASTERS = [bytes(range(32)), bytes(range(32, 64)), hashlib.sha256(b"a key that is not in the ring").digest()]


def hkdf(master, salt, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(master)


def key_id(master):
    return hkdf(master, b"", b"memkeep/v1/key-id", 4)


def key_text(master):
    checksum = hashlib.sha256(b"memkeep-key-v1:" + master).digest()[:4]
    return "memkeep-key-v1:" + base64.urlsafe_b64encode(master + checksum).decode()


def hchacha20(key, nonce16):
    """HChaCha20 by the cipher: a block of key stream is its rounds plus the state they began with."""
    block = Cipher(ChaCha20(key, nonce16), None).encryptor().update(bytes(64))
    words = struct.unpack("<16I", block)
    begin = struct.unpack("<4I", b"expand 32-byte k"), struct.unpack("<4I", nonce16)
    first = [(word - start) % 2**32 for word, start in zip(words[:4], begin[0])]
    last = [(word - start) % 2**32 for word, start in zip(words[12:], begin[1])]
    return struct.pack("<8I", *first, *last)


def seal(case, content, header_flags):
    algorithm, master = case["algorithm"], case["master"]
    salt, counter = case["salt"], struct.pack(">Q", case["counter"])
    info = f"memkeep/v1/{algorithm}/{case['context']}".encode()
    header = b"\xc7\x4b\x01" + bytes([IDS[algorithm], header_flags]) + key_id(master) + salt + counter
    if header_flags & EXPIRES:
        header += struct.pack(">Q", case["expiresAt"])
    context, name = case["context"].encode(), case["cacheKey"].encode()
    bound = header + struct.pack(">I", len(context)) + context
    bound += struct.pack(">I", len(name)) + name + struct.pack(">I", case["flags"])
    if algorithm == "xchacha20-poly1305":
        key = hkdf(master, b"", info, 32)
        cipher, nonce = ChaCha20Poly1305(hchacha20(key, salt)), bytes(4) + counter
    else:
        key, nonce = hkdf(master, salt, info, 32), bytes(4) + counter
        cipher = AESGCM(key) if algorithm == "aes-256-gcm" else ChaCha20Poly1305(key)
    return header + cipher.encrypt(nonce, content, bound)


def deflated(hexadecimal, value):
    """A DEFLATE stream (RFC 1951): written down, since every library compresses in its own way."""
    stream = bytes.fromhex(hexadecimal)
    assert zlib.decompress(stream, -15) == value
    return b"\x01" + stream


def brotli_stored(value):
    """A Brotli stream of one uncompressed meta-block (RFC 7932, section 9.2) and an empty last one."""
    bits = 0b0 | 0b0 << 1 | 0b00 << 2 | (len(value) - 1) << 4 | 0b1 << 20  # window 16, not last, 4 nibbles
    return b"\x02" + bits.to_bytes(3, "little") + value + b"\x03"


def zstd_stored(value):
    """A Zstandard frame of one raw block (RFC 8878, section 3.1.1)."""
    block = (len(value) << 3 | 0b001).to_bytes(3, "little")
    return b"\x03\x28\xb5\x2f\xfd\x20" + bytes([len(value)]) + block + value


LONG_DEFLATED = deflated(
    "edc6b10900400804b0555ced4078be71ffd229ec922a79f95399ae989999999999999999d9d116",
    LONG,
)
NINE_DEFLATED = deflated(
    "0bc94855484e4c0692d9a9a905c50ae51989250a994054ac909e59969aa71732aa00ac0000",
    TEXT * 9,
)
BOMB = deflated(
    "edc13101000000c2a0f54f6d0d0fa00000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000805b03",
    bytes(MAX_INFLATED + 1),
)


def pad(content, length):
    return (content + b"\x80").ljust(length, b"\0")


def base(algorithm, **changes):
    case = {
        "algorithm": algorithm,
        "master": MASTERS[0],
        "context": "billing",
        "cacheKey": "user:1",
        "flags": 0,
        "salt": hashlib.sha256(f"salt of {algorithm}".encode()).digest()[:16],
        "counter": 0,
        "expiresAt": None,
        "now": NOW,
    }
    return {**case, **changes}


def opening():
    for algorithm in IDS:
        plain = [
            ("text", base(algorithm), TEXT),
            ("empty value", base(algorithm, counter=1), b""),
            ("any bytes", base(algorithm, counter=2), bytes(range(256)) * 4),
            ("empty key and context", base(algorithm, cacheKey="", context="", counter=3), TEXT),
            ("key and context that are not ASCII", base(algorithm, cacheKey="user:\U0001f511", context="tenant-\u00e9"), TEXT),
            ("long key", base(algorithm, cacheKey="k" * 1000), TEXT),
            ("all client flags", base(algorithm, flags=0xFFFFFFFF), TEXT),
            ("counter over 32 bits", base(algorithm, counter=0xFEDCBA9876543210), TEXT),
            ("second key of the ring", base(algorithm, master=MASTERS[1]), TEXT),
        ]
        for name, case, value in plain:
            yield name, case, value, value, 0
        last = NOW + 1
        for name, value, content, flags, expires in [
            ("deflate", LONG, LONG_DEFLATED, COMPRESSED, None),
            ("brotli", TEXT, brotli_stored(TEXT), COMPRESSED, None),
            ("zstd", TEXT, zstd_stored(TEXT), COMPRESSED, None),
            ("padded", TEXT, pad(TEXT, 40), PADDED, None),
            ("padded by one byte", TEXT, pad(TEXT, len(TEXT) + 1), PADDED, None),
            ("padded, and ends like padding", b"\x80\0\0", pad(b"\x80\0\0", 16), PADDED, None),
            ("padded empty value", b"", pad(b"", 16), PADDED, None),
            ("in its last millisecond", TEXT, TEXT, EXPIRES, last),
            ("expiry over 32 bits and more", TEXT, TEXT, EXPIRES, 2**52),
            ("everything", LONG, pad(LONG_DEFLATED, 128), COMPRESSED | PADDED | EXPIRES, last),
        ]:
            yield name, base(algorithm, expiresAt=expires), value, content, flags


def refusing():
    for code, name, envelope in [
        ("FOREIGN", "nothing", b""),
        ("FOREIGN", "one byte of the magic", b"\xc7"),
        ("FOREIGN", "text", b"a plain value that is long enough to be an envelope of any kind"),
        ("FOREIGN", "JSON", json.dumps({"value": "x" * 60}).encode()),
        ("FOREIGN", "gzip", b"\x1f\x8b\x08" + bytes(60)),
        ("FOREIGN", "Zstandard", b"\x28\xb5\x2f\xfd" + bytes(60)),
        ("TRUNCATED", "the magic alone", b"\xc7\x4b"),
    ]:
        yield code, name, base("aes-256-gcm"), envelope
    for algorithm in IDS:
        case = base(algorithm)
        good = seal(case, TEXT, 0)
        bound = base(algorithm, expiresAt=NOW + 60_000)
        good_bound = seal(bound, TEXT, EXPIRES)
        for at in (0, 1):
            yield "FOREIGN", f"byte {at} changed", case, change(good, at)
        for at, byte, what in [(2, 2, "version 2"), (2, 0, "version 0"), (3, 0, "algorithm 0"), (3, 4, "algorithm 4")]:
            yield "UNSUPPORTED", what, case, change(good, at, byte)
        for bit in range(3, 8):
            yield "UNSUPPORTED", f"flag bit {bit}", case, change(good, 4, 1 << bit)
            yield "UNSUPPORTED", f"flag bit {bit}, cut off", case, change(good, 4, 1 << bit)[:5]
        for length in (3, 4, 5, 8, 33, 48):
            yield "TRUNCATED", f"cut to {length} bytes", case, good[:length]
        for length in (41, 56):
            yield "TRUNCATED", f"with expiry, cut to {length} bytes", bound, good_bound[:length]
        yield "UNKNOWN_KEY_ID", "key that is not in the ring", case, seal({**case, "master": MASTERS[2]}, TEXT, 0)
        yield "UNKNOWN_KEY_ID", "key id changed", case, change(good, 5)
        yield "DECRYPT_FAILED", "cut within the ciphertext", case, good[:-1]
        yield "DECRYPT_FAILED", "a byte more", case, good + b"\0"
        for at, what in [(9, "salt"), (24, "salt"), (25, "counter"), (32, "counter"), (33, "ciphertext"), (-16, "tag"), (-1, "tag")]:
            yield "DECRYPT_FAILED", f"{what} changed at {at}", case, change(good, at)
        yield "DECRYPT_FAILED", "expiry changed", bound, change(good_bound, 40)
        for flag in (COMPRESSED, PADDED, EXPIRES):
            yield "DECRYPT_FAILED", f"flag {flag} set", case, change(good, 4, flag)
        yield "DECRYPT_FAILED", "flag of the expiry taken away", bound, change(good_bound, 4, 0)
        yield "DECRYPT_FAILED", "id of another key of the ring", case, good[:5] + key_id(MASTERS[1]) + good[9:]
        yield "DECRYPT_FAILED", "id of another algorithm", case, change(good, 3, IDS[algorithm] % 3 + 1)
        yield "DECRYPT_FAILED", "another key", {**case, "cacheKey": "user:2"}, good
        yield "DECRYPT_FAILED", "another context", {**case, "context": "shop"}, good
        yield "DECRYPT_FAILED", "other client flags", {**case, "flags": 1}, good
        moved = seal({**case, "context": "ab", "cacheKey": "c"}, TEXT, 0)
        yield "DECRYPT_FAILED", "bytes moved from context to key", {**case, "context": "a", "cacheKey": "bc"}, moved
        yield "ENVELOPE_EXPIRED", "at its end", {**bound, "now": NOW + 60_000}, good_bound
        yield "ENVELOPE_EXPIRED", "long after its end", {**bound, "now": NOW + 10**10}, good_bound
        yield "DECRYPT_FAILED", "after its end, and changed", {**bound, "now": NOW + 10**10}, change(good_bound, -1)
        for what, content, flags in [
            ("padding without its mark", bytes(16), PADDED),
            ("padding with another mark", TEXT + b"\x40\0\0", PADDED),
            ("no padding at all", b"", PADDED),
            ("codec 0", b"\0" + TEXT, COMPRESSED),
            ("codec 4", b"\4" + TEXT, COMPRESSED),
            ("no codec", b"", COMPRESSED),
            ("no stream", b"\x01", COMPRESSED),
            ("a stream cut off", NINE_DEFLATED[:-1], COMPRESSED),
            ("a byte behind the stream", NINE_DEFLATED + b"\0", COMPRESSED),
            ("a stream of zlib", b"\x01\x78\x9c" + NINE_DEFLATED[1:] + bytes(4), COMPRESSED),
            ("a bomb", BOMB, COMPRESSED),
        ]:
            yield "ENVELOPE_CONTENT", what, case, seal(case, content, flags)


def change(envelope, at, byte=None):
    changed = bytearray(envelope)
    changed[at] = changed[at] ^ 1 if byte is None else byte
    return bytes(changed)


def described(name, case, **more):
    fields = {key: case[key] for key in ("context", "cacheKey", "flags", "now")}
    return {"name": f"{case['algorithm']}: {name}", **fields, **more}


def generate():
    names = {"FOREIGN": "ENVELOPE_FOREIGN", "TRUNCATED": "ENVELOPE_TRUNCATED", "UNSUPPORTED": "ENVELOPE_UNSUPPORTED"}
    return {
        "specification": "Memkeep envelope, version 1: docs/envelope.md",
        "keys": [{"text": key_text(master), "hex": master.hex(), "id": key_id(master).hex()} for master in MASTERS[:2]],
        "maxInflatedBytes": MAX_INFLATED,
        "open": [
            described(
                name,
                case,
                algorithm=case["algorithm"],
                keyId=key_id(case["master"]).hex(),
                salt=case["salt"].hex(),
                counter=str(case["counter"]),
                expiresAt=case["expiresAt"],
                headerFlags=flags,
                content=content.hex(),
                value=value.hex(),
                envelope=seal(case, content, flags).hex(),
            )
            for name, case, value, content, flags in opening()
        ],
        "refuse": [
            described(name, case, code=f"ERR_MEMKEEP_{names.get(code, code)}", envelope=envelope.hex())
            for code, name, case, envelope in refusing()
        ],
    }


if __name__ == "__main__":
    text = json.dumps(generate(), indent=2) + "\n"
    if "--check" in sys.argv:
        sys.exit(0 if FILE.read_text() == text else "envelope-v1.json is not what generate.py makes: run it")
    FILE.write_text(text)
