"""Seals reports as a phone does, and opens them with intake's private keys."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from services.intake.phone_keys import PhoneKeys
from shared.crypto.seal import decode, encode

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def sealed(report: dict[str, Any], key: dict[str, str], account: str = "", **changed: Any) -> dict[str, Any]:
    """Returns the body of a report that the account has sealed.

    `key` is the public key in intake's answer to the phone.
    """
    bound = {"account": account} if account else {}
    info = "\0".join(("dayar/phone/v1", key["kid"], report["report_id"], *bound.values()))
    content = {name: value for name, value in report.items() if name not in ("report_id", "version")}
    report_id = changed.get("report_id", report["report_id"])
    return {
        "report_id": report_id,
        "version": report.get("version", 1),
        "kid": key["kid"],
        "data": box(json.dumps(content).encode(), key, info),
        **bound,
        **changed,
    }


def box(plain: bytes, key: dict[str, str], info: str) -> str:
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key["public"]))
    return encode(SUITE.encrypt(plain, public, info=info.encode()))


def opened(sealed: dict[str, Any], folder: Path) -> dict[str, Any]:
    names = {name: sealed[name] for name in ("kid", "report_id", "account") if name in sealed}
    plain = PhoneKeys(folder).open(decode(sealed["data"]), **names)
    return {"report_id": sealed["report_id"], "version": sealed["version"], **json.loads(plain)}
