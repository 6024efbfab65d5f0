"""A security group is described in EC2's characters, or its stack is not made (patch group_descriptions)."""

import json

import pytest

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices


def template(group: str, rule: str) -> str:
    opened = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8", "Description": rule}
    properties = {"GroupDescription": group, "SecurityGroupIngress": [opened]}
    return json.dumps({"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}}})


def test_a_group_is_made_changed_and_deleted_with_its_stack(local_aws: LocalServices) -> None:
    client, name = local_aws.client("cloudformation"), unique("stack")
    client.create_stack(StackName=name, TemplateBody=template("the functions", "S3 (gateway), $*"))
    client.get_waiter("stack_create_complete").wait(StackName=name)
    client.update_stack(StackName=name, TemplateBody=template("the functions", "endpoints"))
    client.get_waiter("stack_update_complete").wait(StackName=name)
    client.delete_stack(StackName=name)
    client.get_waiter("stack_delete_complete").wait(StackName=name)


@pytest.mark.parametrize(("group", "rule"), [("the functions", "S3's endpoint"), ("AWS's", "https"), ("g", "x" * 256)])
def test_a_description_that_ec2_does_not_take_rolls_the_stack_back(
    local_aws: LocalServices, group: str, rule: str
) -> None:
    client, name = local_aws.client("cloudformation"), unique("stack")
    client.create_stack(StackName=name, TemplateBody=template(group, rule))
    with pytest.raises(Exception, match="ROLLBACK"):
        client.get_waiter("stack_create_complete").wait(StackName=name)
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    assert [each for each in events if "Invalid description" in each.get("ResourceStatusReason", "")]
