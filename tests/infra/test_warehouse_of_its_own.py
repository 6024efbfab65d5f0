"""A warehouse and a network that the deployment makes; the roles of COPY and UNLOAD, attached to whatever there is."""

import ipaddress
import json
import re
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy import artifacts, copy_role, removal
from landfall.deploy.clients import Clients
from landfall.deploy.deployment import Deployment, deploy
from landfall.deploy.left_bucket import refuse_left_bucket
from landfall.deploy.own_warehouse import check_own_warehouse
from tests.infra.templates import FOLDER, NAMES, load, of_type, rendered
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices, LocalStack

ROLE = "arn:aws:iam::123456789012:role/landfall-copy"
EXPORT_ROLE = "arn:aws:iam::123456789012:role/landfall-export"
OTHER = "arn:aws:iam::123456789012:role/spectrum"
# Free addresses that a workgroup with enhanced VPC routing asks for in each subnet, by RPUs, and to double them:
# https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html
FREE = {4: 9, 8: 9, 16: 13, 32: 13, 64: 21, 128: 37, 256: 69, 512: 133, 1024: 261}
MORE_TO_GROW = {4: 10, 8: 10, 16: 13, 32: 16, 64: 28, 128: 52, 256: 100, 512: 197}
TAKEN_BY_VPC = 5  # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
ENDPOINTS_AND_FUNCTIONS = 20
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html, API_CreateSecurityGroup.html
DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def test_each_subnet_has_the_addresses_that_the_largest_workgroup_asks_for() -> None:
    network = load("network")
    vpc = ipaddress.ip_network(network["Parameters"]["VpcCidr"]["Default"])
    subnets = of_type(network, "AWS::EC2::Subnet").values()
    assert len(subnets) == 3
    zones = {json.dumps(subnet["Properties"]["AvailabilityZone"]) for subnet in subnets}
    assert len(zones) == 3
    for number, subnet in enumerate(subnets):
        index, (_, count, host_bits) = _select(subnet["Properties"]["CidrBlock"])
        assert (index, count) == (number, 3)
        addresses = 2**host_bits
        assert vpc.num_addresses >= count * addresses
        free = addresses - TAKEN_BY_VPC - ENDPOINTS_AND_FUNCTIONS
        assert free >= max(FREE.values())
        assert all(free >= FREE[rpus] + more for rpus, more in MORE_TO_GROW.items())
    capacities = load("serverless")["Parameters"]
    assert max(capacities["MaximumRpu"]["AllowedValues"]) == max(FREE)


def _select(value: dict[str, Any]) -> tuple[int, list[Any]]:
    index, cidr = value["Fn::Select"]
    return index, cidr["Fn::Cidr"]


def test_nothing_in_the_network_reaches_the_internet_or_is_reached_from_there() -> None:
    resources = load("network")["Resources"]
    types = {body["Type"] for body in resources.values()}
    assert not {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"} & types
    for group in of_type(load("network"), "AWS::EC2::SecurityGroup").values():
        for rule in group["Properties"].get("SecurityGroupIngress", []):
            assert rule["SourceSecurityGroupId"] == {"Ref": "FunctionGroup"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_security_group_is_of_characters_that_ec2_takes(name: str) -> None:
    longest = {"EnvironmentName": "e" * 20}
    for logical_name, group in of_type(load(name), "AWS::EC2::SecurityGroup").items():
        body = group["Properties"]
        rules = [*body.get("SecurityGroupIngress", []), *body.get("SecurityGroupEgress", [])]
        said = [rendered(body["GroupDescription"], longest), *(rule["Description"] for rule in rules)]
        assert len(said) > 1
        assert [each for each in said if not DESCRIPTION.fullmatch(each)] == [], logical_name


def test_an_endpoint_that_costs_is_there_only_where_a_function_asks_its_service() -> None:
    endpoints = of_type(load("network"), "AWS::EC2::VPCEndpoint")
    services = {
        body["Properties"]["ServiceName"]["Fn::Sub"].rpartition(".")[2]: body.get("Condition")
        for body in endpoints.values()
    }
    ingest = "HasIngestEndpoints"
    assert services == {
        "s3": None,
        "secretsmanager": "HasSecretEndpoint",
        "redshift-serverless": "HasCredentialsEndpoint",
        "dynamodb": ingest,
        "redshift-data": ingest,
        "sqs": ingest,
        "sns": ingest,
        "events": ingest,
    }
    for name, service in (("S3Endpoint", "s3"), ("DynamoDbEndpoint", "dynamodb")):
        assert endpoints[name]["Properties"]["VpcEndpointType"] == "Gateway", service


@pytest.mark.parametrize(
    ("ingest", "count", "zones"), [("false", 2, ",,"), ("true", 7, "us-east-1b,us-east-1d,us-east-1f")]
)
def test_the_network_is_made_on_local_aws_in_the_zones_that_are_named(
    local_aws: LocalServices, ingest: str, count: int, zones: str
) -> None:
    s3, client = local_aws.client("s3"), local_aws.client("cloudformation")
    bucket, name = unique("templates"), unique("network")
    artifacts.ensure_bucket(s3, bucket)
    s3.put_object(Bucket=bucket, Key="network.yaml", Body=(FOLDER / "network.yaml").read_bytes())
    client.create_stack(
        StackName=name,
        TemplateURL=f"{s3.meta.endpoint_url}/{bucket}/network.yaml",
        Parameters=[
            {"ParameterKey": "EnvironmentName", "ParameterValue": "net"},
            {"ParameterKey": "IngestInVpc", "ParameterValue": ingest},
            {"ParameterKey": "AvailabilityZones", "ParameterValue": zones},
        ],
    )
    client.get_waiter("stack_create_complete").wait(StackName=name)
    (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}
    subnets = outputs["SubnetIds"].split(",")
    found = local_aws.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]
    in_zones = {subnet["AvailabilityZone"] for subnet in found}
    assert len(in_zones) == 3
    assert zones == ",," or in_zones == set(zones.split(","))
    made = client.describe_stack_resources(StackName=name)["StackResources"]
    assert sum(each["ResourceType"] == "AWS::EC2::VPCEndpoint" for each in made) == count
    client.delete_stack(StackName=name)
    client.get_waiter("stack_delete_complete").wait(StackName=name)


def test_the_warehouse_is_private_encrypted_and_outlives_its_stack() -> None:
    resources = load("serverless")["Resources"]
    namespace, workgroup = resources["Namespace"], resources["Workgroup"]["Properties"]
    assert (namespace["DeletionPolicy"], namespace["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert namespace["Properties"]["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in namespace["Properties"]
    assert (workgroup["PubliclyAccessible"], workgroup["EnhancedVpcRouting"]) == (False, True)
    assert {"ParameterKey": "require_ssl", "ParameterValue": "true"} in workgroup["ConfigParameters"]
    # taken down, the namespace has no role: the role is gone
    given = load("main")["Resources"]["Serverless"]["Properties"]["Parameters"]["CopyRoleArn"]
    assert given == {"Fn::If": ["HasPipeline", {"Fn::GetAtt": ["Warehouse", "Outputs.CopyRoleArn"]}, ""]}


def test_the_deployed_roles_are_attached_and_a_second_deployment_leaves_them(stack: LocalStack) -> None:
    client = stack.client("redshift-serverless")
    described = stack.client("cloudformation").describe_stacks(StackName="landfall-local")["Stacks"][0]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}
    roles = client.get_namespace(namespaceName=outputs["WorkgroupName"])["namespace"]["iamRoles"]
    assert [copy_role.ROLE_ARN.findall(each) for each in roles] == [[outputs[name]] for name in copy_role.ROLES]
    assert "already" in copy_role.attach(outputs, client, None)


def test_a_role_is_attached_beside_those_that_are_there(local_redshift: LocalServices) -> None:
    client = local_redshift.client("redshift-serverless")
    name = unique("workgroup")
    client.update_namespace(namespaceName=name, iamRoles=[OTHER])
    outputs = {"WorkgroupName": name, "CopyRoleArn": ROLE}
    said = copy_role.attach(outputs, client, None)
    assert said.startswith(f"role of COPY: attached to namespace {name}; ")
    assert said.endswith(f"grant assumerole on '{ROLE}' to landfall_loader for copy")
    client.update_namespace(namespaceName=name, iamRoles=[OTHER])
    said = copy_role.attach(outputs, client, None, names_grants=False)  # as on a machine of one's own
    assert said == f"role of COPY: attached to namespace {name}"
    exporting = {**outputs, "ExportRoleArn": EXPORT_ROLE}  # as a later release is deployed
    said = copy_role.attach(exporting, client, None)
    assert said.startswith(f"role of UNLOAD: attached to namespace {name}; ")
    assert said.endswith(f"grant assumerole on '{EXPORT_ROLE}' to landfall_reader, landfall_loader for unload")
    roles = client.get_namespace(namespaceName=name)["namespace"]["iamRoles"]
    assert [arn for each in roles for arn in copy_role.ROLE_ARN.findall(each)] == [OTHER, ROLE, EXPORT_ROLE]
    assert copy_role.admin_secret(name, client) == ""


def test_the_default_role_of_a_namespace_stays_the_default_one(local_redshift: LocalServices) -> None:
    client, name = local_redshift.client("redshift-serverless"), unique("workgroup")
    client.update_namespace(namespaceName=name, iamRoles=[OTHER], defaultIamRoleArn=OTHER)

    def namespace() -> Any:
        return client.get_namespace(namespaceName=name)["namespace"]

    outputs = {"WorkgroupName": name, "CopyRoleArn": ROLE, "ExportRoleArn": EXPORT_ROLE}
    copy_role.attach(outputs, client, None)
    assert (len(namespace()["iamRoles"]), namespace()["defaultIamRoleArn"]) == (3, OTHER)
    copy_role.detach(set(), outputs, client, None)
    assert (len(namespace()["iamRoles"]), namespace()["defaultIamRoleArn"]) == (1, OTHER)
    client.update_namespace(namespaceName=name, iamRoles=[OTHER, ROLE], defaultIamRoleArn=ROLE)
    copy_role.detach(set(), outputs, client, None)
    assert (len(namespace()["iamRoles"]), namespace().get("defaultIamRoleArn")) == (1, None)


class Denying:
    """A namespace whose roles somebody else must change."""

    def get_workgroup(self, workgroupName: str) -> Any:  # noqa: N803 - AWS's name
        return {"workgroup": {"namespaceName": workgroupName}}

    def get_namespace(self, namespaceName: str) -> Any:  # noqa: N803
        return {"namespace": {"iamRoles": [OTHER, ROLE], "defaultIamRoleArn": OTHER}}

    def update_namespace(self, **_: Any) -> None:
        said = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform iam:PassRole"}}
        raise ClientError(said, "UpdateNamespace")  # type: ignore[arg-type]  # the error alone


def test_the_command_for_who_may_change_a_namespace_names_its_default_role() -> None:
    outputs = {"WorkgroupName": "own", "CopyRoleArn": ROLE, "ExportRoleArn": EXPORT_ROLE}
    command = "aws redshift-serverless update-namespace --namespace-name own --iam-roles"
    said = copy_role.attach(outputs, Denying(), None)
    assert said.endswith(f"{command} {OTHER} {ROLE} {EXPORT_ROLE} --default-iam-role-arn {OTHER}")
    said = copy_role.detach(set(), outputs, Denying(), None)
    assert said.endswith(f"{command} {OTHER} --default-iam-role-arn {OTHER}")


class Cluster:
    """A cluster's roles, by the operations that a provisioned cluster has; local AWS has none."""

    def __init__(self, *roles: str, denied: str = "") -> None:
        self.roles, self.denied = list(roles), denied

    def describe_clusters(self, ClusterIdentifier: str) -> Any:  # noqa: N803 - AWS's name
        return {"Clusters": [{"IamRoles": [{"IamRoleArn": role, "ApplyStatus": "in-sync"} for role in self.roles]}]}

    def modify_cluster_iam_roles(
        self,
        ClusterIdentifier: str,  # noqa: N803
        AddIamRoles: Sequence[str] = (),  # noqa: N803
        RemoveIamRoles: Sequence[str] = (),  # noqa: N803
    ) -> None:
        if self.denied:
            said = {"Error": {"Code": self.denied, "Message": "not authorized to perform iam:PassRole"}}
            raise ClientError(said, "ModifyClusterIamRoles")  # type: ignore[arg-type]  # the error alone
        self.roles = [role for role in [*self.roles, *AddIamRoles] if role not in RemoveIamRoles]


OF_CLUSTER = {"ClusterIdentifier": "analytics", "CopyRoleArn": ROLE}


def test_a_role_is_attached_to_a_cluster_once() -> None:
    cluster = Cluster(OTHER)
    assert copy_role.attach(OF_CLUSTER, None, cluster).startswith("role of COPY: attached to cluster analytics; ")
    assert copy_role.attach(OF_CLUSTER, None, cluster) == "role of COPY: attached to cluster analytics already"
    said = copy_role.attach(OF_CLUSTER, None, Cluster(), names_grants=False)
    assert said == "role of COPY: attached to cluster analytics"
    assert cluster.roles == [OTHER, ROLE]


OF_EARLIER = "arn:aws:iam::123456789012:role/team/landfall-dev-Warehouse-1F2C3D-CopyRole-9Z8Y7X"
# of the same environment's deployment in another Region, whose warehouse is another
OF_ANOTHER = "arn:aws:iam::123456789012:role/team/landfall-dev-Warehouse-4G5H6J-CopyRole-6W5V4U"


def test_roles_that_go_are_detached_and_those_of_deployments_before_with_them(local_redshift: LocalServices) -> None:
    cluster = Cluster(OTHER, ROLE, OF_EARLIER, OF_ANOTHER)
    assert "2 detached from cluster analytics" in copy_role.detach({OF_EARLIER}, OF_CLUSTER, None, cluster)
    assert cluster.roles == [OTHER, OF_ANOTHER]
    assert "0 detached" in copy_role.detach({OF_EARLIER}, OF_CLUSTER, None, Cluster(OTHER))

    client, name = local_redshift.client("redshift-serverless"), unique("workgroup")
    client.update_namespace(namespaceName=name, iamRoles=[OTHER, OF_EARLIER, EXPORT_ROLE])
    outputs = {"WorkgroupName": name, "ExportRoleArn": EXPORT_ROLE}
    assert f"2 detached from namespace {name}" in copy_role.detach({OF_EARLIER}, outputs, client, None)
    roles = client.get_namespace(namespaceName=name)["namespace"]["iamRoles"]
    assert [arn for each in roles for arn in copy_role.ROLE_ARN.findall(each)] == [OTHER]


def test_who_may_not_detach_a_role_is_given_the_command_for_who_may() -> None:
    cluster = Cluster(OTHER, ROLE, denied="AccessDenied")
    said = copy_role.detach(set(), OF_CLUSTER, None, cluster)
    assert f"not detached: {ROLE}" in said
    assert said.endswith(f"--cluster-identifier analytics --remove-iam-roles {ROLE}")
    assert cluster.roles == [OTHER, ROLE]


@pytest.mark.parametrize(
    ("made", "with_warehouse", "refused"),
    [
        ("true", False, "has made the workgroup own.*--with-data --with-warehouse"),
        ("false", True, "has not made the warehouse"),
        ("true", True, None),
        ("false", False, None),
    ],
)
def test_a_warehouse_that_a_deployment_has_made_goes_by_an_explicit_word_alone(
    made: str, with_warehouse: bool, refused: str | None
) -> None:
    stack = {"Parameters": [{"ParameterKey": "CreateWarehouse", "ParameterValue": made}]}
    deployed = removal.Deployed(stack, {"WorkgroupName": "own", "DatabaseName": "landfall"})
    with pytest.raises(ConfigError, match=refused) if refused else nullcontext():
        removal.check_warehouse(deployed, with_warehouse=with_warehouse)


def test_who_may_not_attach_the_role_is_given_the_command_for_who_may() -> None:
    cluster = Cluster(OTHER, denied="AccessDenied")
    said = copy_role.attach(OF_CLUSTER, None, cluster)
    assert "not authorized to perform iam:PassRole" in said
    assert said.endswith(f"aws redshift modify-cluster-iam-roles --cluster-identifier analytics --add-iam-roles {ROLE}")
    assert cluster.roles == [OTHER]


@pytest.mark.parametrize(
    ("attached", "said"),
    [
        ((OTHER,), ("role of COPY and of UNLOAD,", "every file is retried and nothing can be exported", ROLE)),
        ((OTHER, ROLE), ("role of UNLOAD,", "until it is, nothing can be exported", EXPORT_ROLE)),
    ],
)
def test_what_is_said_of_a_role_that_cannot_be_attached_is_about_that_role(
    attached: tuple[str, ...], said: tuple[str, ...]
) -> None:
    cluster = Cluster(*attached, denied="AccessDenied")
    words = copy_role.attach({**OF_CLUSTER, "ExportRoleArn": EXPORT_ROLE}, None, cluster)
    assert [each for each in said if each not in words] == []
    assert words.endswith(EXPORT_ROLE)
    assert words.count(ROLE) == (ROLE not in attached)
    assert ("every file" in words) == (ROLE not in attached)


def test_a_warehouse_that_takes_no_role_now_does_not_end_a_deployment_that_stands() -> None:
    cluster = Cluster(denied="InvalidClusterState")
    assert "--add-iam-roles" in copy_role.attach(OF_CLUSTER, None, cluster)
    assert cluster.roles == []


def test_a_deployment_that_would_take_a_warehouse_away_is_refused_before_anything_is_done(
    local_aws: LocalServices,
) -> None:
    client = local_aws.client("cloudformation")
    name = unique("own")
    given = {"Parameters": {"CreateWarehouse": {"Type": "String", "Default": "true"}}}
    body = {**given, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    client.create_stack(StackName=f"landfall-{name}", TemplateBody=json.dumps(body))
    client.get_waiter("stack_create_complete").wait(StackName=f"landfall-{name}")
    clients = Clients(*[None, client, *[None] * 6, "123456789012", "eu-central-1"])
    done: list[str] = []
    with pytest.raises(ConfigError, match="CreateWarehouse=true: keep it in its parameter file"):
        deploy(Deployment(name, "arn", {"WorkgroupName": "other"}), clients, done.append)
    assert done == []


def test_a_bucket_that_a_deleted_stack_left_is_refused_before_anything_is_done(local_aws: LocalServices) -> None:
    s3, client, name = local_aws.client("s3"), local_aws.client("cloudformation"), unique("left")
    clients = Clients(*[s3, client, *[None] * 6, "123456789012", "us-east-1"])
    refuse_left_bucket(name, None, clients)
    s3.create_bucket(Bucket=f"landfall-{name}-123456789012-us-east-1")
    done: list[str] = []
    with pytest.raises(ConfigError, match=r"no stack has it.*recovery\.md#a-stack-that-was-deleted"):
        deploy(Deployment(name, "arn", {"WorkgroupName": "other"}), clients, done.append)
    assert done == []
    with pytest.raises(ConfigError, match="no stack has it"):
        refuse_left_bucket(name, {"StackStatus": "ROLLBACK_COMPLETE"}, clients)
    refuse_left_bucket(name, {"StackStatus": "UPDATE_COMPLETE"}, clients)


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"CreateWarehouse": "true"}, "CreateNetwork=true, or three SubnetIds"),
        ({"CreateWarehouse": "true", "CreateNetwork": "true", "SubnetIds": "subnet-1"}, "not both"),
        ({"IngestInVpc": "true"}, "IngestInVpc needs"),
        ({"CreateWarehouse": "true", "CreateNetwork": "true", "DatabaseName": "_own"}, "begins with a letter"),
        ({"CreateWarehouse": "true", "CreateNetwork": "true", "DatabaseName": "own$"}, "has no \\$"),
        ({"CreateWarehouse": "true", "CreateNetwork": "true", "RedshiftPort": "5440"}, "RedshiftPort=5440"),
        ({"CreateWarehouse": "true", "CreateNetwork": "true", "BaseRpu": "128"}, "MaximumRpu"),
        ({"CreateNetwork": "true", "AvailabilityZones": "us-east-1a,us-east-1b"}, "three different ones"),
        ({"CreateNetwork": "true", "AvailabilityZones": "us-east-1a,us-east-1b,us-east-1a"}, "three different ones"),
        ({"AvailabilityZones": "us-east-1a,us-east-1b,us-east-1c"}, "CreateNetwork=true makes"),
    ],
)
def test_parameters_that_no_warehouse_can_have_are_refused(parameters: dict[str, str], wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        check_own_warehouse(parameters)


def test_a_warehouse_of_its_own_with_a_network_of_its_own_is_taken() -> None:
    check_own_warehouse({"CreateWarehouse": "true", "CreateNetwork": "true", "IngestInVpc": "true"})
    check_own_warehouse({"CreateNetwork": "true", "AvailabilityZones": "us-east-1b, us-east-1d, us-east-1f"})
    check_own_warehouse({"WorkgroupName": "analytics"})
    check_own_warehouse({"ClusterIdentifier": "c", "DatabaseName": "_own$", "RedshiftPort": "5440"})  # is there already


def test_the_data_are_deleted_by_the_administrator_who_is_given_or_whom_redshift_manages(
    local_redshift: LocalServices,
) -> None:
    class Managed:
        def get_workgroup(self, workgroupName: str) -> Any:  # noqa: N803 - AWS's name
            return {"workgroup": {"namespaceName": workgroupName}}

        def get_namespace(self, namespaceName: str) -> Any:  # noqa: N803
            return {"namespace": {"adminPasswordSecretArn": f"arn:{namespaceName}"}}

    deployed = removal.Deployed({}, {"WorkgroupName": "own"})

    def clients(serverless: Any) -> Clients:
        return Clients(*[*[None] * 6, serverless, None, "123456789012", "eu-central-1"])

    assert removal.admin_secret(deployed, "given", clients(Managed())) == "given"
    assert removal.admin_secret(deployed, "", clients(Managed())) == "arn:own"
    with pytest.raises(ConfigError, match="needs --admin-secret-arn"):
        removal.admin_secret(deployed, "", clients(local_redshift.client("redshift-serverless")))
