"""Folds long non-ASCII mail headers. Python 3.11's own folding loses the space at the end of a line."""

from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueAddressHeader, UniqueUnstructuredHeader
from email.policy import SMTP, Policy
from email.utils import formataddr


class Sentence(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]  # the registry makes one class of both
    def fold(self, *, policy: Policy) -> str:
        return folded(self.name, Header(self, charset_of(self), header_name=self.name), policy)


class MailSender(UniqueAddressHeader, BaseHeader):  # type: ignore[misc]
    def fold(self, *, policy: Policy) -> str:
        (sender,) = self.addresses
        if sender.display_name.isascii():
            return f"{self.name}: {formataddr((sender.display_name, sender.addr_spec))}{policy.linesep}"
        header = Header(sender.display_name, "utf-8", header_name=self.name)
        header.append(f"<{sender.addr_spec}>", "us-ascii")
        return folded(self.name, header, policy)


def folded(name: str, header: Header, policy: Policy) -> str:
    return f"{name}: {header.encode(linesep=policy.linesep)}{policy.linesep}"


def charset_of(text: str) -> str:
    return "us-ascii" if text.isascii() else "utf-8"


_headers = HeaderRegistry()
_headers.map_to_type("subject", Sentence)
_headers.map_to_type("from", MailSender)
POLICY = SMTP.clone(header_factory=_headers)
