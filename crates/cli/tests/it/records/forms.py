"""Reads exported receipts and events with other people's libraries; prints what they made of them as one line of JSON.

forms.py dsse KEY.pem FILE | forms.py cose KEY.pem FILE | forms.py events FILE
"""

import base64
import hashlib
import json
import sys


def dsse(key, file):
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from google.protobuf.json_format import Parse
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    found = json.loads(file)
    key_id = found["signatures"][0]["keyid"]
    envelope = Envelope.from_dict(found)
    key = SSlibKey.from_crypto(load_pem_public_key(key), keyid=key_id)
    accepted = envelope.verify([key], 1)
    Statement.copy_from_pb(Parse(envelope.payload, statement_pb2.Statement())).validate()
    return {"accepted": list(accepted), "type": envelope.payload_type, "statement": json.loads(envelope.payload)}


def root_of(leaf, index, size, path):
    """The root that an inclusion proof leads to: RFC 9162, section 2.1.3.2."""
    assert index < size
    node, last = index, size - 1
    for sibling in path:
        assert last > 0
        if node & 1 or node == last:
            leaf = hashlib.sha256(b"\x01" + sibling + leaf).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\x01" + leaf + sibling).digest()
        node, last = node >> 1, last >> 1
    assert last == 0
    return leaf


def cose(key, file):
    import cbor2
    from cwt import COSE, COSEKey

    key = COSEKey.from_pem(key.decode(), kid=cbor2.loads(cbor2.loads(file).value[0])[4])
    protected, unprotected, payload = COSE.new().decode_with_headers(file, key)
    (receipt,) = unprotected[394]
    _, proofs, none, _ = cbor2.loads(receipt).value
    assert none is None
    (proof,) = proofs[396][-1]
    size, index, path = cbor2.loads(proof)
    encoded = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    root = root_of(hashlib.sha256(b"\x00" + encoded).digest(), index, size, path)
    head, _, _ = COSE.new().decode_with_headers(receipt, key, detached_payload=root)
    return {
        "statement": json.loads(payload),
        "claims": protected[15],
        "type": protected[3],
        "algorithm": protected[1],
        "log": head[15],
        "structure": head[395],
        "size": size,
        "index": index,
        "root": base64.b64encode(root).decode(),
    }


def events(file):
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent

    seen = []
    for line in file.splitlines():
        event = JSONFormat().read(CloudEvent, line)
        seen.append(
            {
                "id": event.get_id(),
                "source": event.get_source(),
                "type": event.get_type(),
                "subject": event.get_subject(),
                "time": event.get_time().isoformat(),
                "content": event.get_datacontenttype(),
                "schema": event.get_dataschema(),
                "data": event.get_data(),
            }
        )
    return seen


if __name__ == "__main__":
    what, *files = sys.argv[1:]
    files = [open(name, "rb").read() for name in files]
    try:
        print(json.dumps({"dsse": dsse, "cose": cose, "events": events}[what](*files)))
    except Exception as error:
        sys.exit(f"refused: {type(error).__name__}: {error}")
