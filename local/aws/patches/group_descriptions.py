"""CloudFormation refuses a security group whose description, or that of a rule, has characters that EC2 does not take.

Stock ministack takes any text. EC2 takes less than 256 characters of a small set, without an apostrophe
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html), and the stack is rolled back.
"""

import re
from typing import Any

from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

TYPE = "AWS::EC2::SecurityGroup"
_TAKEN = "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def apply() -> None:
    """Look at the descriptions before a group is made or changed."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    create, update = handlers["create"], handlers["update"]
    expect_source(create, "41862964cf894078f0717c3f7773073c05c79d33eac30ae9dbe8c6fa0c503981")
    expect_source(update, "4a1fdf3fcb06ff44db4632e1942ba61264182264cb00867f025c8964891b4965")

    def checked_create(logical_id: str, properties: dict[str, Any], *rest: Any) -> Any:
        _check(properties)
        return create(logical_id, properties, *rest)

    def checked_update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any) -> Any:
        _check(new)
        return update(physical_id, old, new, *rest, **named)

    provisioners._RESOURCE_HANDLERS[TYPE] = handlers | {"create": checked_create, "update": checked_update}


def _check(properties: dict[str, Any]) -> None:
    rules = [*properties.get("SecurityGroupIngress", []), *properties.get("SecurityGroupEgress", [])]
    said = [properties.get("GroupDescription", ""), *(rule.get("Description", "") for rule in rules)]
    for each in said:
        if not _DESCRIPTION.fullmatch(str(each)):
            raise ValueError(f"Invalid description {each!r}: less than 256 characters of the set {_TAKEN}")
