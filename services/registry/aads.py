"""The additional authenticated data (AAD) of the registry's encrypted columns.

The AAD binds each encrypted value to its row.
"""


def row_aad(subject_id: str, row_version: int) -> bytes:
    return f"{subject_id}||{row_version}".encode()


def member_aad(household_id: str, member_id: str, row_version: int) -> bytes:
    return f"{household_id}|{member_id}|{row_version}".encode()


def code_aad(household_id: str) -> bytes:
    return f"{household_id}|short_code".encode()


def report_aad(subject_id: str, report_id: str, version: int, author: str) -> bytes:
    return f"{subject_id}|{report_id}|{version}|{author}".encode()
