"""Stacks may have saved queries of Logs Insights (patch query_definitions)."""

import json

import pytest

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices

TYPE = "AWS::Logs::QueryDefinition"


def template(query: str) -> str:
    return json.dumps(
        {"Resources": {"Query": {"Type": TYPE, "Properties": {"Name": "folder/query", "QueryString": query}}}}
    )


def test_a_saved_query_is_made_changed_and_deleted_with_its_stack(local_aws: LocalServices) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    client.create_stack(StackName=name, TemplateBody=template("fields @message"))
    client.get_waiter("stack_create_complete").wait(StackName=name)
    (made,) = client.describe_stack_resources(StackName=name)["StackResources"]
    assert made["ResourceType"] == TYPE
    client.update_stack(StackName=name, TemplateBody=template("fields @timestamp"))
    client.get_waiter("stack_update_complete").wait(StackName=name)
    (changed,) = client.describe_stack_resources(StackName=name)["StackResources"]
    assert changed["PhysicalResourceId"] == made["PhysicalResourceId"]
    client.delete_stack(StackName=name)
    client.get_waiter("stack_delete_complete").wait(StackName=name)


def test_a_saved_query_without_a_text_is_refused(local_aws: LocalServices) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    client.create_stack(StackName=name, TemplateBody=template(""))
    with pytest.raises(Exception, match="ROLLBACK"):
        client.get_waiter("stack_create_complete").wait(StackName=name)
