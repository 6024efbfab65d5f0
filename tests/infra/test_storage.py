"""Where uploads go, under which key things are kept, who read what: asserted, as local AWS does little of it."""

import itertools
import json
import re
from typing import Any

import pytest

from landfall.deploy import artifacts
from local.home import ROOT
from tests.infra.templates import FOLDER, NAMES, holds, load, of_type, statements
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices

NONE = {"Ref": "AWS::NoValue"}
KEY = {"Ref": "ServiceKmsKeyArn"}
GIVEN = {"Fn::If": ["HasServiceKey", KEY, NONE]}
# S3 moves objects down this list alone, and bills at least so many days in each:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
CLASSES = ["STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
LEAST_DAYS = {"STANDARD": 0, "STANDARD_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}
ENCRYPTED: dict[str, tuple[str, Any]] = {
    "AWS::SQS::Queue": ("KmsMasterKeyId", GIVEN),
    "AWS::SecretsManager::Secret": ("KmsKeyId", GIVEN),
    "AWS::Logs::LogGroup": ("KmsKeyId", GIVEN),
    "AWS::Lambda::Function": ("KmsKeyArn", GIVEN),
    "AWS::DynamoDB::Table": (
        "SSESpecification",
        {
            "Fn::If": [
                "HasServiceKey",
                {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY},
                {"SSEEnabled": True},
            ]
        },
    ),
}


def resolved(value: Any, parameters: dict[str, str]) -> Any:
    """Put parameters in, and take what the conditions of storage.yaml say; what is AWS::NoValue goes."""
    if isinstance(value, list):
        return [each for each in (resolved(item, parameters) for item in value) if each != NONE]
    if not isinstance(value, dict) or value == NONE:
        return value
    if set(value) == {"Ref"}:
        return parameters.get(value["Ref"], value)
    if set(value) == {"Fn::If"}:
        name, yes, no = value["Fn::If"]
        return resolved(yes if holds(load("storage")["Conditions"][name], parameters) else no, parameters)
    return {key: resolved(each, parameters) for key, each in value.items()}


def rules(**given: str) -> list[dict[str, Any]]:
    template = load("storage")
    defaults = {name: str(each["Default"]) for name, each in template["Parameters"].items() if "Default" in each}
    found = template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    return list(resolved(found, defaults | given))


def steps(transitions: list[dict[str, str]]) -> list[tuple[str, int]]:
    return [(each["StorageClass"], int(each["TransitionInDays"])) for each in transitions]


def test_modeled_files_grow_colder_step_by_step_and_are_kept() -> None:
    found = rules()
    (archive,) = (rule for rule in found if rule["Id"] == "archive-modeled")
    ladder = [("STANDARD_IA", 30), ("GLACIER_IR", 90), ("DEEP_ARCHIVE", 365)]
    assert steps(archive["Transitions"]) == steps(archive["NoncurrentVersionTransitions"]) == ladder
    held = [("STANDARD", 0), *ladder]
    for (before, since), (after, days) in itertools.pairwise(held):
        assert CLASSES.index(after) > CLASSES.index(before)
        assert days - since >= LEAST_DAYS[before]
    assert not [rule for rule in found if rule["Id"] == "delete-modeled"]


def test_each_step_can_be_left_out_and_deletion_asked_for_of_modeled_files_alone() -> None:
    found = rules(ColdAfterDays="0", DeepArchiveAfterDays="0", DeleteAfterDays="730", ArchiveStorageClass="GLACIER_IR")
    (archive,) = (rule for rule in found if rule["Id"] == "archive-modeled")
    assert steps(archive["Transitions"]) == [("GLACIER_IR", 30)]
    (delete,) = (rule for rule in found if rule["Id"] == "delete-modeled")
    assert (delete["Prefix"], delete["TagFilters"]) == ("raw/", [{"Key": "landfall", "Value": "modeled"}])
    assert (delete["ExpirationInDays"], delete["NoncurrentVersionExpiration"]) == ("730", {"NoncurrentDays": "730"})


@pytest.mark.parametrize("archive_class", ["STANDARD_IA", "GLACIER_IR"])
@pytest.mark.parametrize("cold_class", ["GLACIER_IR", "GLACIER"])
def test_no_two_steps_lead_to_one_class_which_s3_refuses(archive_class: str, cold_class: str) -> None:
    found = rules(ArchiveStorageClass=archive_class, ColdStorageClass=cold_class)
    (archive,) = (rule for rule in found if rule["Id"] == "archive-modeled")
    classes = [name for name, _ in steps(archive["Transitions"])]
    assert classes == list(dict.fromkeys([archive_class, cold_class, "DEEP_ARCHIVE"]))
    assert steps(archive["NoncurrentVersionTransitions"]) == steps(archive["Transitions"])


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_can_have_a_key_of_ones_own_has_it(name: str) -> None:
    template = load(name)
    for type_, (key, expected) in ENCRYPTED.items():
        for logical_name, body in of_type(template, type_).items():
            assert body["Properties"][key] == expected, logical_name
    for logical_name, stack in of_type(template, "AWS::CloudFormation::Stack").items():
        takes = "ServiceKmsKeyArn" in load(logical_name.lower())["Parameters"]
        assert (stack["Properties"]["Parameters"].get("ServiceKmsKeyArn") == KEY) == takes, logical_name


@pytest.mark.parametrize("name", NAMES)
def test_the_guide_speaks_of_code_under_ones_own_key_only_where_it_is(name: str) -> None:
    # KmsKeyArn is for a function's settings; its zip has SourceKMSKeyArn:
    # https://docs.aws.amazon.com/lambda/latest/dg/encrypt-zip-package.html
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"`ServiceKmsKeyArn` queues,.*?; one key may be both", guide, re.DOTALL)
    for function in of_type(load(name), "AWS::Lambda::Function").values():
        assert ("SourceKMSKeyArn" in function["Properties"]["Code"]) == ("a key that AWS owns" not in said)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("land", "IngestRole"),
        ("reconcile", "ReconcileRole"),
        ("model", "StarterRole"),
        ("model", "StateMachineRole"),
        ("model", "TransformRole"),
    ],
)
def test_every_role_that_touches_them_may_use_the_key_and_that_key_alone(name: str, role: str) -> None:
    policies = load(name)["Resources"][role]["Properties"]["Policies"]
    (use,) = (each for each in statements(policies) if each["Sid"] == "UseServiceKey")
    assert (sorted(use["Action"]), use["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], KEY)


def test_a_bucket_that_logs_its_requests_is_made_on_local_aws(local_aws: LocalServices) -> None:
    s3, client = local_aws.client("s3"), local_aws.client("cloudformation")
    templates, name, bucket = unique("templates"), unique("storage"), unique("bucket")
    artifacts.ensure_bucket(s3, templates)
    s3.put_object(Bucket=templates, Key="storage.yaml", Body=(FOLDER / "storage.yaml").read_bytes())
    given = {"EnvironmentName": "logged", "BucketName": bucket, "AccessLogs": "true", "DeleteAfterDays": "730"}
    client.create_stack(
        StackName=name,
        TemplateURL=f"{s3.meta.endpoint_url}/{templates}/storage.yaml",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    client.get_waiter("stack_create_complete").wait(StackName=name)
    assert s3.get_bucket_versioning(Bucket=f"{bucket}-logs")["Status"] == "Enabled"
    policy = json.loads(s3.get_bucket_policy(Bucket=f"{bucket}-logs")["Policy"])
    assert {each["Sid"] for each in policy["Statement"]} >= {"AccessLogsOfTheBucket", "DenyWithoutTls"}


def test_who_reads_claims_is_recorded_where_asked() -> None:
    template = load("storage")
    trail = template["Resources"]["Trail"]
    assert trail["Condition"] == "HasAudit"
    (selector,) = trail["Properties"]["EventSelectors"]
    prefixes = {value["Fn::Sub"].partition("${BucketName}/")[2] for value in selector["DataResources"][0]["Values"]}
    assert prefixes == {"raw/claims/", "raw/patients/", "raw/providers/", "staging/", "quarantine/"}
    assert trail["Properties"]["EnableLogFileValidation"] is True
    off = {name: str(template["Parameters"][name]["Default"]) for name in ("AccessLogs", "AuditClaims")}
    assert not holds(template["Conditions"]["HasAudit"], off)
    assert not holds(template["Conditions"]["HasAccessLogs"], off)


def test_the_bucket_of_the_logs_is_private_and_expires_what_it_holds() -> None:
    bucket = load("storage")["Resources"]["LogBucket"]
    assert bucket["Condition"] == "HasLogBucket"
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == {"Ref": "AccessLogDays"}
    main = load("main")["Resources"]["Storage"]["Properties"]["Parameters"]["BucketName"]["Fn::Sub"]
    longest = main.replace("${EnvironmentName}", "e" * 20).replace("${AWS::AccountId}", "1" * 12)
    assert len(longest.replace("${AWS::Region}", "ap-southeast-1") + "-logs") <= 63  # S3's limit
