"""By what a COPY or an UNLOAD may use S3: a role, or access keys. Pure.

In: the options of the statement. Out: an Authorization, or a RedshiftError, which tells no key.
Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-authorization.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import STRING

AUTHORIZATION_OPTIONS = (
    ("role", rf"\s*iam_role\b\s*(?:as\b\s*)?(?P<value>{STRING}|default\b)"),
    ("access_key_id", rf"\s*access_key_id\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
    ("secret_access_key", rf"\s*secret_access_key\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
    ("session_token", rf"\s*session_token\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
    ("credentials", rf"\s*(?:with\s+)?credentials\b\s*(?:as\b\s*)?(?P<value>{STRING})"),
)
_KEY_WORDS = ("access_key_id", "secret_access_key", "session_token")
# What stands in CREDENTIALS, and the option that says the same.
_IN_CREDENTIALS = {
    "aws_iam_role": "role",
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "token": "session_token",
}
_ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/")
_KEY = re.compile(r"[\x21-\x7e]+")
_FORM = "'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'"


@dataclass(frozen=True)
class Keys:
    """Access keys of AWS, temporary ones with their token."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Authorization:
    """A role by its ARN, or keys."""

    role: str = ""
    keys: Keys | None = None


def authorization(command: str, found: dict[str, str | None]) -> Authorization:
    """Return by what a COPY or UNLOAD with these options may use S3.

    >>> authorization("COPY", {"credentials": "aws_access_key_id=A;aws_secret_access_key=B=;token=C"}).keys
    Keys(access_key_id='A')
    >>> authorization("COPY", {"role": "arn:aws:iam::000000000000:role/r"}).role
    'arn:aws:iam::000000000000:role/r'

    Raises:
        RedshiftError: there is none, more than one, a part of one, or the default role.
    """
    keys = [name for name in _KEY_WORDS if name in found]
    given = [name for name in ("role", "credentials") if name in found] + keys[:1]
    if not given:
        raise RedshiftError(f"{command} needs IAM_ROLE '<arn>', or access keys", SYNTAX_ERROR)
    if len(given) > 1:
        names = " and ".join("IAM_ROLE" if name == "role" else name.upper() for name in given)
        raise RedshiftError(f"{command}: {names} cannot be specified together", SYNTAX_ERROR)
    if "credentials" in found:
        found = _of_credentials(command, found["credentials"] or "")
    if found.get("role") == "default":
        raise RedshiftError(f"{command}: IAM_ROLE default is not offered by the local Redshift: name a role")
    if "role" in found:
        if not _ARN.match(found["role"] or ""):
            raise RedshiftError("Invalid credentials. Must be of the format: credentials 'aws_iam_role=...'", "XX000")
        return Authorization(role=found["role"] or "")
    access_key_id, secret_access_key = found.get("access_key_id"), found.get("secret_access_key")
    if not access_key_id or not secret_access_key:
        raise RedshiftError(f"{command} needs both ACCESS_KEY_ID and SECRET_ACCESS_KEY", SYNTAX_ERROR)
    token = found.get("session_token")
    if not all(map(_KEY.fullmatch, filter(None, (access_key_id, secret_access_key, token)))):  # no header takes it
        raise RedshiftError(f"Invalid credentials. {command}: a key has a blank, or what is not ASCII", "XX000")
    return Authorization(keys=Keys(access_key_id, secret_access_key, token))


def _of_credentials(command: str, text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in text.split(";"):
        name, is_given, value = part.partition("=")
        option = _IN_CREDENTIALS.get(name.strip())
        if not option or not is_given or option in found:
            raise RedshiftError(f"Invalid credentials. {command} takes CREDENTIALS {_FORM}", "XX000")
        found[option] = value.strip()
    if "role" in found and len(found) > 1:
        raise RedshiftError(f"Invalid credentials. {command} takes CREDENTIALS {_FORM}", "XX000")
    return found
