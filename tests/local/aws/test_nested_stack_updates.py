"""A nested stack can be updated while some of its resources stay as they are (patch nested_stack_updates)."""

import json
from typing import Any

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices


def child(delay: str, prefix: str) -> str:
    """Return a template whose second queue refers to an attribute of the first, which never changes."""
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}, "maxReceiveCount": 3}
    resources = {
        "DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{prefix}-dead"}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": prefix, "DelaySeconds": delay, "RedrivePolicy": redrive},
        },
    }
    return json.dumps({"Resources": resources, "Outputs": {"Url": {"Value": {"Ref": "Queue"}}}})


def test_attributes_of_unchanged_resources_are_known_in_every_update(local_aws: LocalServices) -> None:
    s3, cloudformation, sqs = (local_aws.client(name) for name in ("s3", "cloudformation", "sqs"))
    bucket, name = unique("templates"), unique("parent")
    s3.create_bucket(Bucket=bucket)

    def deploy(change: str, delay: str) -> dict[str, Any]:
        s3.put_object(Bucket=bucket, Key=f"{delay}.json", Body=child(delay, name).encode())
        url = f"{local_aws.ports.aws_url}/{bucket}/{delay}.json"
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
        output = {"Url": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Url"]}}}
        template = json.dumps({"Resources": {"Child": nested}, "Outputs": output})
        getattr(cloudformation, f"{change}_stack")(StackName=name, TemplateBody=template)
        waiter = cloudformation.get_waiter(f"stack_{change}_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1})
        [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        attributes: dict[str, Any] = sqs.get_queue_attributes(
            QueueUrl=stack["Outputs"][0]["OutputValue"], AttributeNames=["All"]
        )["Attributes"]
        return attributes

    first = deploy("create", "0")
    for delay in ("5", "7"):
        updated = deploy("update", delay)
        assert updated["DelaySeconds"] == delay
        assert updated["RedrivePolicy"] == first["RedrivePolicy"]
