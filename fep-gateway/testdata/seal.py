"""Makes a key file and a sealed body as the head of fep-gateway/src/journal/seal.rs describes them, with the library
`cryptography`. It prints the constants of fep-gateway/src/journal/seal/tests.rs. It runs only when they are made or checked."""

import hmac, json, struct
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

def mac(key, *parts):
    return hmac.digest(key, b"".join(parts), "sha256")

lookup = bytes(range(0x20))
secret = bytes(range(0x80, 0xA0))
journal = bytes(range(0x10, 0x20))
key_id = mac(secret, b"fep-gateway journal key id")[:4]
print("lookup", lookup.hex())
print("key", key_id.hex(), "2026-11-27T00:00:00.000Z", secret.hex())

at_ms = 1_795_737_600_123
day_key = mac(secret, b"fep-gateway journal day", journal, struct.pack(">q", at_ms // 86_400_000))

def part(tag, content):
    return bytes([tag]) + struct.pack(">I", len(content)) + content

# 30 30 30 is too short for a run, four blanks are one.
body = part(1, b"\x070004abcd" + b"\x80 ") + part(2, json.dumps(["17", "1002345678901"], separators=(",", ":")).encode())
body += bytes(-len(body) % 32)

def column(position, value):
    kind, content = {int: (1, lambda v: struct.pack(">q", v)), str: (2, str.encode), bytes: (3, bytes)}[type(value)]
    content = content(value)
    return bytes([position, kind]) + struct.pack(">I", len(content)) + content

open_columns = {0: 17, 1: at_ms, 2: "bank-a", 3: "sent", 4: "request", 8: "Transfer", 9: "17"}
associated = b"".join(column(*one) for one in sorted(open_columns.items()))
nonce = bytes(range(0xB0, 0xBC))
sealed = key_id + nonce + AESGCM(day_key).encrypt(nonce, body, associated)
print("associated", associated.hex())
print("sealed", sealed.hex())

def veiled(purpose, *values):
    parts = [struct.pack(">Q", len(value)) + value for value in (purpose, *values)]
    return "hmac:" + mac(lookup, *parts)[:16].hex()

print("idempotency", veiled(b"idempotency", b"order-1"))
print("notice", veiled(b"notice", b"bank-a", b"DepositNotice", b"17", b"20261127"))
