"""What every template must hold to, on AWS: the local stack ignores most of it, so it is asserted here."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest_lambda.reconcile.mark import ITEM as RECONCILE_ITEM
from ingest_lambda.reconcile.restored import BUILT_PROJECT
from ingest_lambda.tell.mark import ITEM
from landfall.operate import pausing
from local.home import ROOT
from tests.infra.templates import FOLDER, NAMES, as_list, bundled, faults, load, of_type, statements
from transform_lambda.project import MEMORY_KEY

# Where IAM knows no name to write: the reason, by Sid.
ALLOWED_STARS = {
    "FollowOwnStatements": "these actions take no resource; a condition keeps them to the role's own statements",
    "DeliverItsLog": "log delivery's actions take no resource",
    "AdministeredByIamOfThisAccount": "a key policy: the resource is the key",
    "UsedThroughSnsByThisAccount": "a key policy; GenerateDataKey* is how AWS spells its two forms",
    "UsedByAlarmsOfThisAccount": "a key policy",
    "UsedByTheBudgetOfThisAccount": "a key policy",
}
CALLERS = {"AWS::Lambda::EventSourceMapping", "AWS::Scheduler::Schedule", "AWS::StepFunctions::StateMachine"}
STATEFUL = {
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
    "AWS::KMS::Key",
    "AWS::RedshiftServerless::Namespace",
}


def test_cfn_lint_finds_nothing_in_any_template() -> None:
    command = [Path(sys.executable).with_name("cfn-lint"), *sorted(FOLDER.glob("*.yaml"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stdout


def test_every_template_is_looked_at_here() -> None:
    assert bundled() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_no_right_is_wider_than_it_must_be_and_every_statement_has_a_name(name: str) -> None:
    assert faults(load(name), ALLOWED_STARS) == []


def test_a_wildcard_and_a_missing_name_would_be_found() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    bad = {"Resources": {"Role": {"Properties": {"PolicyDocument": {"Statement": [statement]}}}}}
    assert faults(bad, {}) == ["no Sid: s3:*", ": action s3:*", ": resource *"]


def test_the_landing_bucket_is_versioned_encrypted_private_and_outlives_its_stack() -> None:
    bucket = load("storage")["Resources"]["Bucket"]
    properties = bucket["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
    assert bucket["UpdateReplacePolicy"] == "Retain"


def test_everything_but_the_bucket_and_its_stack_can_be_taken_down() -> None:
    main = load("main")
    stacks = of_type(main, "AWS::CloudFormation::Stack")
    assert {name for name, body in stacks.items() if "Condition" not in body} == {"Storage"}
    conditions = {name: body["Condition"] for name, body in stacks.items() if "Condition" in body}
    kept = {"Network": "HasOwnNetwork", "Serverless": "HasOwnWarehouse"}  # which hold data, or what holds it
    gone = ("HasPipeline", "HasCatalog")
    assert {name: each for name, each in conditions.items() if each not in gone} == kept
    assert {"Condition": "HasPipeline"} in main["Conditions"]["HasCatalog"]["Fn::And"]
    assert main["Conditions"]["HasPipeline"] == {"Fn::Equals": [{"Ref": "Stages"}, "ALL"]}


def test_modeled_files_move_to_the_archive_class() -> None:
    rules = load("storage")["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert any(rule.get("TagFilters") == [{"Key": "landfall", "Value": "modeled"}] for rule in rules)


def test_no_secret_bears_the_tag_that_opens_it_to_a_policy_of_aws() -> None:
    secrets = of_type(load("warehouse"), "AWS::SecretsManager::Secret")
    assert len(secrets) == 3
    keys = {tag["Key"] for secret in secrets.values() for tag in secret["Properties"]["Tags"]}
    assert keys == {"landfall:environment"}


def test_the_bucket_refuses_plain_http_and_nothing_else() -> None:
    # COPY reads through presigned URLs: a Deny on network, principal or age of the signature would break it.
    (statement,) = statements(load("storage")["Resources"]["BucketPolicy"])
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_uploads_under_raw_alone_are_announced_to_the_queue() -> None:
    condition, notification, otherwise = load("storage")["Resources"]["Bucket"]["Properties"][
        "NotificationConfiguration"
    ]["Fn::If"]
    assert (condition, otherwise) == ("HasQueue", {"Ref": "AWS::NoValue"})
    (queue,) = notification["QueueConfigurations"]
    assert queue["Event"] == "s3:ObjectCreated:*"
    assert queue["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "raw/"}]


def test_a_message_stays_hidden_for_six_times_the_functions_timeout() -> None:
    land = load("land")
    timeouts = land["Parameters"]["IngestTimeoutSeconds"]["AllowedValues"]
    hidden = {timeout: values["Seconds"] for timeout, values in land["Mappings"]["VisibilityTimeout"].items()}
    assert set(hidden) == set(timeouts)
    assert all(seconds >= 6 * int(timeout) for timeout, seconds in hidden.items())
    queue = land["Resources"]["LandingQueue"]["Properties"]
    assert queue["VisibilityTimeout"]["Fn::FindInMap"][0] == "VisibilityTimeout"
    assert timeouts == load("main")["Parameters"]["IngestTimeoutSeconds"]["AllowedValues"]


def test_what_cannot_land_goes_to_a_dead_letter_queue_that_keeps_it_longer() -> None:
    resources = load("land")["Resources"]
    queue, dead = resources["LandingQueue"]["Properties"], resources["DeadLetterQueue"]["Properties"]
    assert (
        queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    )  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_only_our_bucket_may_send_to_the_queue_and_who_is_named() -> None:
    policy = load("land")["Resources"]["LandingQueuePolicy"]
    bucket, others = (item for item in statements(policy) if item["Effect"] == "Allow")
    assert bucket["Condition"]["ArnEquals"] == {"aws:SourceArn": {"Ref": "BucketArn"}}
    assert bucket["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    named = {"aws:SourceArn": {"Fn::Split": [",", {"Ref": "EventSenderArns"}]}}
    assert others["Condition"] == {"ArnEquals": named}
    (conditional,) = (
        item["Fn::If"] for item in policy["Properties"]["PolicyDocument"]["Statement"] if "Fn::If" in item
    )
    assert conditional == ["HasEventSenders", others, {"Ref": "AWS::NoValue"}]
    assert load("land")["Parameters"]["EventSenderArns"]["Default"] == ""


def test_one_bad_file_never_returns_its_whole_batch_and_loads_are_bounded() -> None:
    (source,) = of_type(load("land"), "AWS::Lambda::EventSourceMapping").values()
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumConcurrency" in source["Properties"]["ScalingConfig"]
    assert load("land")["Parameters"]["MaximumConcurrency"]["MinValue"] == 2


@pytest.mark.parametrize("name", NAMES)
def test_what_holds_state_says_what_becomes_of_it_and_is_encrypted(name: str) -> None:
    template = load(name)
    for logical_name, body in template["Resources"].items():
        if body["Type"] in STATEFUL:
            assert {"DeletionPolicy", "UpdateReplacePolicy"} <= set(body), logical_name
    for logical_name, body in of_type(template, "AWS::SQS::Queue").items():
        none = {"Ref": "AWS::NoValue"}
        assert body["Properties"]["SqsManagedSseEnabled"] == {"Fn::If": ["HasServiceKey", none, True]}, logical_name
    for logical_name, body in of_type(template, "AWS::SNS::Topic").items():
        assert body["Properties"]["KmsMasterKeyId"], logical_name
    for logical_name, body in of_type(template, "AWS::Logs::LogGroup").items():
        assert body["Properties"]["RetentionInDays"], logical_name


@pytest.mark.parametrize("name", NAMES)
def test_every_function_has_a_role_and_a_log_group_of_its_own(name: str) -> None:
    functions = of_type(load(name), "AWS::Lambda::Function").values()
    for function in functions:
        assert function["Properties"]["LoggingConfig"]["LogGroup"]
    roles = [json.dumps(function["Properties"]["Role"]) for function in functions]
    assert len(set(roles)) == len(roles)


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_reaches_someone_and_names_its_entry_in_the_runbook(name: str) -> None:
    entries = re.findall(r"^## (.+)$", (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    for logical_name, alarm in of_type(load(name), "AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"], logical_name
        entry = alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("landfall-${EnvironmentName}-")
        assert entry in entries
        assert alarm["Properties"]["AlarmDescription"].endswith(f"Runbook: docs/runbook.md#{entry}")


def test_the_nightly_reconcile_lists_asks_announces_and_tells_and_touches_no_file() -> None:
    resources = load("reconcile")["Resources"]
    rights = {
        statement["Sid"]: statement for statement in statements(resources["ReconcileRole"]["Properties"]["Policies"])
    }
    actions = {action for statement in rights.values() for action in as_list(statement["Action"])}
    assert {action for action in actions if action.startswith("s3:")} == {"s3:ListBucketVersions", "s3:DeleteObject"}
    forgets = rights["ForgetWhatWasBuiltBeforeARestore"]
    assert forgets["Resource"] == {"Fn::Sub": f"${{BucketArn}}/{MEMORY_KEY}"}
    assert forgets["Action"] == "s3:DeleteObject"
    assert BUILT_PROJECT == MEMORY_KEY
    assert {action for action in actions if action.startswith("sqs:")} == {"sqs:SendMessage"}
    assert rights["ListUploads"]["Condition"] == {"StringLike": {"s3:prefix": "raw/*"}}
    assert rights["AnnounceAgain"]["Resource"] == {"Ref": "LandingQueueArn"}
    target = resources["Schedule"]["Properties"]["Target"]
    assert target["Arn"] == {"Ref": "ReconcileVersion"}
    assert target["RoleArn"] == {"Fn::GetAtt": ["ReconcileSchedulerRole", "Arn"]}
    assert resources["ReconcileFunction"]["Properties"]["Handler"] == "ingest_lambda.reconcile.handler.handler"


@pytest.mark.parametrize("name", NAMES)
def test_every_role_has_the_boundary_and_the_path_that_the_organisation_asks_for(name: str) -> None:
    template = load(name)
    roles = of_type(template, "AWS::IAM::Role")
    none = {"Ref": "AWS::NoValue"}
    for logical_name, role in roles.items():
        properties = role["Properties"]
        boundary = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, none]}
        assert properties["PermissionsBoundary"] == boundary, logical_name
        # absent where none is given: to name the default path would be a replacement, which named roles cannot have
        assert properties["Path"] == {"Fn::If": ["HasRolePath", {"Ref": "RolePath"}, none]}, logical_name
    if roles:
        given = load("main")["Resources"][name.capitalize()]["Properties"]["Parameters"]
        assert [given[each] for each in ("PermissionsBoundaryArn", "RolePath")] == [
            {"Ref": "PermissionsBoundaryArn"},
            {"Ref": "RolePath"},
        ]


@pytest.mark.parametrize("name", ["land", "model", "reconcile"])
def test_every_release_is_a_version_of_every_function_and_versions_are_what_is_called(name: str) -> None:
    template = load(name)
    versions = of_type(template, "AWS::Lambda::Version")
    functions = of_type(template, "AWS::Lambda::Function")
    assert [version["Properties"]["FunctionName"] for version in versions.values()] == [
        {"Ref": each} for each in functions
    ]
    for version in versions.values():
        assert version["UpdateReplacePolicy"] == "Retain"
        assert version["Properties"]["Description"] == {"Ref": "Release"}
    for function in functions.values():  # Lambda publishes no version of a function that has not changed
        assert "${Release}" in function["Properties"]["Description"]["Fn::Sub"]
    called = json.dumps([body for body in template["Resources"].values() if body["Type"] in CALLERS])
    assert not [each for each in functions if f'"Fn::GetAtt": ["{each}"' in called or f'{{"Ref": "{each}"}}' in called]
    assert load("main")["Resources"][name.capitalize()]["Properties"]["Parameters"]["Release"] == {"Ref": "Release"}


@pytest.mark.parametrize("name", NAMES)
def test_every_schedule_waits_until_the_deployment_lets_it_run(name: str) -> None:
    template = load(name)
    schedules = of_type(template, "AWS::Scheduler::Schedule")
    assert all(schedule["Properties"]["State"] == {"Ref": "ScheduleState"} for schedule in schedules.values())
    if name != "main" and schedules:
        given = load("main")["Resources"][name.capitalize()]["Properties"]["Parameters"]
        assert given["ScheduleState"] == {"Ref": "ScheduleState"}


def test_the_alarm_of_a_missed_schedule_is_silent_until_schedules_run() -> None:
    model = load("model")
    missed = model["Resources"]["ScheduleMissed"]["Properties"]
    assert missed["ActionsEnabled"] == {"Fn::If": ["HasRunningSchedules", True, False]}
    assert model["Conditions"]["HasRunningSchedules"] == {"Fn::Equals": [{"Ref": "ScheduleState"}, "ENABLED"]}


def test_the_local_deployment_has_the_schedules_that_aws_has() -> None:
    given = json.loads((FOLDER / "parameters" / "local.json").read_text(encoding="utf-8"))["Parameters"]
    assert "ScheduleState" not in given
    names = [name for name in load("main")["Parameters"] if name.endswith("Schedule")]
    assert len(names) == len(pausing.SCHEDULES)
    assert all(given.get(name, "default") for name in names)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.*")), ids=lambda path: path.name)
def test_no_template_spells_out_a_partition(path: Path) -> None:
    # GovCloud is aws-us-gov, China aws-cn: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    assert not re.search(r"\barn:aws\b", path.read_text(encoding="utf-8"))


def test_what_landfall_writes_into_the_bucket_expires_and_uploads_never_do() -> None:
    rules = load("storage")["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    rules = [rule for rule in rules if "Fn::If" not in rule]  # the one that deletes, where DeleteAfterDays says so
    expires = {rule["Prefix"]: rule for rule in rules if "ExpirationInDays" in rule}
    assert set(expires) == {"staging/", "quarantine/", "reports/", "reports/transform/state/parse/", "athena/"}
    ends = {"ExpirationInDays", "ExpirationDate", "NoncurrentVersionExpiration", "ExpiredObjectDeleteMarker"}
    assert not [rule for rule in rules if rule.get("Prefix", "").startswith("raw/") and ends & set(rule)]
    everywhere = [rule for rule in rules if "Prefix" not in rule]
    assert [set(rule) for rule in everywhere] == [{"Id", "Status", "AbortIncompleteMultipartUpload"}]
    # A version that another has replaced is not the current one, which is what the days above count.
    replaced = {"staging/", "quarantine/", "reports/"}
    assert all("NoncurrentVersionExpiration" in expires[prefix] for prefix in replaced)


@pytest.mark.parametrize(("template", "role"), [("land", "IngestRole"), ("model", "TransformRole")])
def test_who_reads_objects_is_told_what_is_gone_apart_from_what_is_forbidden(template: str, role: str) -> None:
    # Without the rights to list, S3 answers 403 for both. A condition on a prefix would take them away: a request for
    # one object has none. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    allowed = statements(load(template)["Resources"][role]["Properties"]["Policies"])
    (lists,) = (each for each in allowed if "s3:ListBucket" in as_list(each["Action"]))
    assert set(as_list(lists["Action"])) == {"s3:ListBucket", "s3:ListBucketVersions"}
    assert "Condition" not in lists
    assert lists["Resource"] == {"Ref": "BucketArn"}


def test_readers_may_read_the_published_pages_and_nothing_else() -> None:
    (policy,) = of_type(load("model"), "AWS::IAM::ManagedPolicy").values()
    allowed = {statement["Sid"]: statement for statement in statements(policy)}
    assert allowed["ReadPages"]["Action"] == "s3:GetObject"
    assert allowed["ReadPages"]["Resource"] == {"Fn::Sub": "${BucketArn}/reports/pages/*"}
    assert allowed["ListPages"]["Condition"] == {"StringLike": {"s3:prefix": "reports/pages/*"}}
    assert allowed["ReadPagesUnderTheBucketsKey"]["Action"] == "kms:Decrypt"
    assert set(allowed) == {"ReadPages", "ListPages", "ReadPagesUnderTheBucketsKey"}
    attached = [name for name in ("Roles", "Users", "Groups") if name in policy["Properties"]]
    assert attached == []  # who reads them is for the account to say
    block = load("storage")["Resources"]["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}


def test_each_role_may_touch_that_item_of_the_lease_s_table_which_it_needs_and_no_other() -> None:
    def rights(template: str, role: str) -> dict[str, tuple[set[str], Any]]:
        found = statements(load(template)["Resources"][role]["Properties"]["Policies"])
        return {
            statement["Sid"]: (set(as_list(statement["Action"])), statement.get("Condition"))
            for statement in found
            if any(action.startswith("dynamodb:") for action in as_list(statement["Action"]))
        }

    def only(item: str) -> dict[str, Any]:
        return {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [item]}}

    lease = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    assert rights("model", "StateMachineRole") == {
        "HoldTheLease": (lease, only("transform")),
        "ReadAndClearTheMark": ({"dynamodb:UpdateItem"}, only(ITEM)),
    }
    assert rights("land", "IngestRole") == {"MarkWhatHasLanded": ({"dynamodb:UpdateItem"}, only(ITEM))}
    assert rights("model", "TransformRole") == {}
    mark = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    both = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [RECONCILE_ITEM, ITEM]}}
    assert rights("reconcile", "ReconcileRole") == {"RememberHowFarItCame": (mark, both)}


def test_the_ingest_function_and_its_role_name_the_table_that_the_model_stack_makes() -> None:
    table = load("model")["Resources"]["LeaseTable"]["Properties"]["TableName"]["Fn::Sub"]
    land = load("land")["Resources"]
    variables = land["IngestFunction"]["Properties"]["Environment"]["Variables"]
    (right,) = (
        each for each in statements(land["IngestRole"]["Properties"]["Policies"]) if each["Sid"] == "MarkWhatHasLanded"
    )
    assert variables["LANDFALL_LEASE_TABLE"]["Fn::Sub"] == table
    assert right["Resource"]["Fn::Sub"].endswith(f":table/{table}")


def test_a_mark_is_cleared_for_one_version_of_the_code_and_one_warehouse() -> None:
    substitutions = load("model")["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert (
        substitutions["MarkedFor"]["Fn::Sub"] == "${TransformCodeKey} ${RedshiftHost}:${RedshiftPort}/${DatabaseName}"
    )


def test_once_a_day_the_warehouse_is_asked_at_the_time_of_the_reconcile() -> None:
    daily = load("model")["Resources"]["OnceDailySweep"]["Properties"]["Target"]
    assert json.loads(daily["Input"])["sweep"] not in (True, None)  # which would be put off by the mark
    parameters = load("main")["Parameters"]
    assert parameters["DailySweepSchedule"]["Default"] == parameters["ReconcileSchedule"]["Default"]


def test_copy_may_read_what_landed_and_what_is_staged_and_write_nothing() -> None:
    allowed = list(statements(load("warehouse")["Resources"]["CopyRole"]["Properties"]["Policies"]))
    actions = {action for statement in allowed for action in as_list(statement["Action"])}
    assert actions == {"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "kms:Decrypt"}
    (read,) = (statement for statement in allowed if statement["Action"] == "s3:GetObject")
    assert [item["Fn::Sub"] for item in read["Resource"]] == ["${BucketArn}/raw/*", "${BucketArn}/staging/*"]


def test_unload_may_write_and_read_exports_and_nothing_else() -> None:
    allowed = {each["Sid"]: each for each in statements(load("warehouse")["Resources"]["ExportRole"])}
    del allowed["RedshiftAssumes"]
    actions = {action for statement in allowed.values() for action in as_list(statement["Action"])}
    assert actions == {
        "s3:PutObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:GetBucketLocation",
        "kms:GenerateDataKey",
        "kms:Decrypt",
    }
    for sid in ("WriteExports", "ReadWhatItWrites"):
        assert allowed[sid]["Resource"] == {"Fn::Sub": "${BucketArn}/exports/*"}
    assert allowed["ListExports"]["Condition"] == {"StringLike": {"s3:prefix": "exports/*"}}


def test_nobody_is_told_of_an_export() -> None:
    bucket = load("storage")["Resources"]["Bucket"]["Properties"]
    notified = bucket["NotificationConfiguration"]["Fn::If"][1]["QueueConfigurations"]
    assert [each["Filter"]["S3Key"]["Rules"] for each in notified] == [[{"Name": "prefix", "Value": "raw/"}]]


def test_generated_passwords_are_such_as_redshift_takes() -> None:
    # 8 to 64 characters; upper case, lower case and a digit; https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
    secrets = of_type(load("warehouse"), "AWS::SecretsManager::Secret")
    assert len(secrets) == 3
    for secret in secrets.values():
        generated: dict[str, Any] = secret["Properties"]["GenerateSecretString"]
        assert 8 <= generated["PasswordLength"] <= 64
        assert generated["RequireEachIncludedType"] is True
        assert set("'\"\\/@ ") - {" "} <= set(generated["ExcludeCharacters"])
        assert "IncludeSpace" not in generated
