"""Opens Memkeep envelopes (docs/envelope.md) with python3-cryptography: all algorithms, padding, DEFLATE, expiry.

MEMKEEP_KEYS=… python3 reader.py HOST PORT KEY [CONTEXT] prints a value that memcached holds.
"""

import base64, hashlib, hmac, os, socket, struct, sys, time, zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALGORITHMS = {1: "aes-256-gcm", 2: "chacha20-poly1305", 3: "xchacha20-poly1305"}
COMPRESSED, PADDED, EXPIRES = 1, 2, 4


class Refused(Exception):
    pass


def refuse(why):
    raise Refused(why)


def derive(master, salt, info, length=32):
    return HKDF(hashes.SHA256(), length, salt, info).derive(master)


def read_key(text):
    raw = base64.urlsafe_b64decode(text.removeprefix("memkeep-key-v1:"))
    master, checksum = raw[:32], raw[32:]
    if not hmac.compare_digest(checksum, hashlib.sha256(b"memkeep-key-v1:" + master).digest()[:4]):
        raise ValueError("the key's checksum is wrong: copy it again")
    return derive(master, b"", b"memkeep/v1/key-id", 4), master


def hchacha20(key, nonce):  # draft-irtf-cfrg-xchacha: a block of key stream, less the state that was added to it
    block = struct.unpack("<16I", Cipher(ChaCha20(key, nonce), None).encryptor().update(bytes(64)))
    begin = struct.unpack("<4I", b"expand 32-byte k") + block[4:12] + struct.unpack("<4I", nonce)
    words = [(block[at] - begin[at]) % 2**32 for at in (0, 1, 2, 3, 12, 13, 14, 15)]
    return struct.pack("<8I", *words)


def open_envelope(sealed, keys, key, context="", flags=0, now=None, limit=64 * 2**20):
    if sealed[:2] != b"\xc7\x4b":
        refuse("ENVELOPE_FOREIGN")
    version, algorithm, bits = sealed[2:5] + b"\1\1\0"[len(sealed) - 2 :]
    if version != 1 or algorithm not in ALGORITHMS or bits & ~7:
        refuse("ENVELOPE_UNSUPPORTED")
    end = 41 if bits & EXPIRES else 33
    if len(sealed) < end + 16:
        refuse("ENVELOPE_TRUNCATED")
    header, salt, nonce = sealed[:end], sealed[9:25], bytes(4) + sealed[25:33]
    master = keys.get(sealed[5:9]) or refuse("UNKNOWN_KEY_ID")
    session = derive(master, b"" if algorithm == 3 else salt, f"memkeep/v1/{ALGORITHMS[algorithm]}/{context}".encode())
    bound = header + b"".join(struct.pack(">I", len(text)) + text for text in (context.encode(), key.encode()))
    cipher = AESGCM(session) if algorithm == 1 else ChaCha20Poly1305(hchacha20(session, salt) if algorithm == 3 else session)
    try:
        content = cipher.decrypt(nonce, sealed[end:], bound + struct.pack(">I", flags))
    except InvalidTag:
        refuse("DECRYPT_FAILED")
    if bits & EXPIRES and struct.unpack(">Q", header[33:])[0] <= (now or time.time() * 1000):
        refuse("ENVELOPE_EXPIRED")
    if bits & PADDED:
        content = content.rstrip(b"\0")
        content = content[:-1] if content[-1:] == b"\x80" else refuse("ENVELOPE_CONTENT")
    return inflate(content, limit) if bits & COMPRESSED else content


def inflate(content, limit):
    if content[:1] in (b"\2", b"\3"):
        refuse("ENVELOPE_UNSUPPORTED")  # Brotli and Zstandard need packages of their own
    stream = zlib.decompressobj(-15)
    try:
        value = stream.decompress(content[1:], limit + 1) if content[:1] == b"\1" else b""
    except zlib.error:
        refuse("ENVELOPE_CONTENT")
    return value if stream.eof and not stream.unused_data and len(value) <= limit else refuse("ENVELOPE_CONTENT")


def main(host, port, key, context=""):
    keys = dict(read_key(text) for text in os.environ["MEMKEEP_KEYS"].replace(",", " ").split())
    with socket.create_connection((host, int(port))) as memcached:
        memcached.sendall(f"get {key}\r\n".encode())
        reply = memcached.makefile("rb")
        _, _, flags, length = reply.readline().split()
        print(open_envelope(reply.read(int(length)), keys, key, context, int(flags)).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
