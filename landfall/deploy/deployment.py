"""OPERATE: one deployment, from the sources to a stack that lands files. The same for every account and machine.

In: an environment's name, parameters, the secret of the warehouse's administrator. Out: the stack's outputs.
Package, upload, create or update the stack, prepare the warehouse and the transform function, let the schedules run.
Every step can be repeated; what is already as it is wanted is found out by reading, and left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.errors import ConfigError
from landfall.deploy import (
    artifacts,
    change_sets,
    cloudformation,
    cluster_secrets,
    copy_role,
    preparation,
    stack_events,
    stacks,
)
from landfall.deploy.clients import Clients
from landfall.deploy.environments import check_environment
from landfall.deploy.left_bucket import refuse_left_bucket
from landfall.deploy.own_warehouse import CREATE_WAREHOUSE, check_own_warehouse
from landfall.deploy.schedules import check_missed_after
from landfall.deploy.shared_warehouse import refuse_shared_warehouse
from landfall.deploy.stacks import ALL, STAGES
from scripts.contracts import read_contracts
from scripts.package import ROOT, Runtime, build

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

TEMPLATES = ROOT / "infra" / "cloudformation"
SCHEDULE_STATE, ENABLED, DISABLED = "ScheduleState", "ENABLED", "DISABLED"
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
DEFAULT_RUNTIME, TOO_OLD_ON_AWS = "python3.13", "python3.11"
LOCAL_ACCOUNT = "000000000000"  # no account of AWS
FUNCTIONS = ("IngestFunctionName", "TransformFunctionName", "ReconcileFunctionName")
KEPT_VERSIONS = 5
USERS_UNTOUCHED = "the stack is there, and its warehouse's users and their passwords are as they were"
NO_CHANGE = "no change: {} and its warehouse are as they are wanted, and nothing is done"


@dataclass(frozen=True)
class Deployment:
    """What to deploy: the environment, the administrator's secret, parameters of main.yaml, tags for all resources.

    The secret may be left out where the deployment makes the warehouse: Redshift manages it then. `prepares_anew`: the
    warehouse and the transform function are prepared although they were already.
    """

    environment: str
    admin_secret_arn: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    guard: cloudformation.Guard = field(default_factory=cloudformation.Guard)
    prepares_anew: bool = False

    @property
    def stack_name(self) -> str:
        """Name the CloudFormation stack."""
        return f"landfall-{self.environment}"

    @property
    def schedule_state(self) -> str:
        """Say whether the schedules shall run, once the warehouse is prepared: ENABLED or DISABLED."""
        return self.parameters.get(SCHEDULE_STATE, ENABLED)

    def runtime(self, *, is_local: bool) -> Runtime:
        """Return the runtime that the parameters name; where they name none, AWS's default, or this machine's locally.

        Raises:
            ConfigError: pyarrow cannot be loaded in it.

        >>> Deployment("dev", "arn", {"PythonRuntime": "python3.14", "Architecture": "arm64"}).runtime(is_local=False)
        Runtime(python='3.14', architecture='arm64')
        """
        here = Runtime.here()
        runtime = Runtime(
            python=self.parameters.get("PythonRuntime", here.identifier if is_local else DEFAULT_RUNTIME)[
                len("python") :
            ],
            architecture=self.parameters.get("Architecture", here.architecture),
        )
        if runtime.identifier == TOO_OLD_ON_AWS and not is_local:
            raise ConfigError(
                f"{TOO_OLD_ON_AWS} is on Amazon Linux 2, whose glibc 2.26 cannot load pyarrow (2.28): "
                f"--parameter PythonRuntime={DEFAULT_RUNTIME}"
            )
        return runtime


@dataclass(frozen=True)
class Done:
    """What a deployment came to: the stack's outputs, and whether anything was to be done at all."""

    outputs: dict[str, str]
    is_changed: bool = True


def read_parameters(path: Path) -> tuple[dict[str, str], dict[str, str], dict[str, Any] | None]:
    """Read parameters, tags and the stack policy, if any, from a CloudFormation template configuration file.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html

    Raises:
        ConfigError: the file is missing or has another form.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        parameters, tags = document["Parameters"], document.get("Tags", {})
        policy = document.get("StackPolicy")
        return {key: str(value) for key, value in parameters.items()}, dict(tags), policy and dict(policy)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f'{path} is not {{"Parameters": {{"Name": "value"}}, "Tags": {{}}}}: {error}') from error


def deploy(
    deployment: Deployment,
    clients: Clients,
    progress: Callable[[str], None],
    detail: Callable[[str], None] = lambda _: None,
    approve: change_sets.Approve = lambda _: True,
    root: Path = ROOT,
) -> Done:
    """Bring an environment up to date with the sources; where it is, nothing is done.

    `progress` gets a line for every step that is done, `detail` one for everything that happens meanwhile. `approve` is
    shown what would change before anything of the stack is changed.

    Raises:
        DeclinedError: `approve` said no.
        ConfigError: a parameter is wrong, the stack could not be made, or the administrator cannot log in.
    """
    check_environment(deployment.environment)
    if not (deployment.admin_secret_arn or deployment.parameters.get(CREATE_WAREHOUSE) == "true"):
        raise ConfigError("--admin-secret-arn is missing: the secret of the warehouse's administrator")
    Rules(deployment.parameters.get("RoutePattern") or None)  # a pattern that cannot be used would stop every batch
    check_own_warehouse(deployment.parameters)
    check_missed_after(deployment.parameters)
    check_keeps_files(deployment.parameters, read_contracts(root))
    stack = stacks.find(clients.cloudformation, deployment.stack_name)
    _check_keeps_warehouse(deployment, stack)
    refuse_left_bucket(deployment.environment, stack, clients)
    is_local = clients.account == LOCAL_ACCOUNT
    runtime = deployment.runtime(is_local=is_local)
    progress(f"packaging for {runtime.identifier}, {runtime.architecture}")
    packages = build(root, runtime)
    planned = artifacts.plan(artifact_bucket(clients), packages, TEMPLATES)
    progress(f"stack {deployment.stack_name}")
    deployment = replace(deployment, parameters=_with_workgroup_id(deployment.parameters, clients.serverless))
    template = _template(deployment, runtime, planned, clients.s3.meta.endpoint_url)
    wanted = at_first = template
    if _is_paused(deployment.stack_name, clients):
        progress("paused, and stays so: landfall resume")
        wanted = at_first = _with_schedules(template, DISABLED)
    note = notes(progress, detail)
    stands = stack is not None and _stands(stack, template, wanted, clients)
    if stack is not None and stands:
        outputs = stacks.outputs(stack)
        cloudformation.protect(clients.cloudformation, template.name, template.guard)
    else:
        given = deployment.parameters
        # one that names no warehouse is for CloudFormation to refuse, with all else that is wrong in it
        if given.get(CREATE_WAREHOUSE) != "true" and (given.get("WorkgroupName") or given.get("ClusterIdentifier")):
            preparation.check_admin(given, deployment.admin_secret_arn, clients)
        artifacts.ensure_bucket(clients.s3, planned.bucket)
        refuse_shared_warehouse(template.name, template.parameters, planned.bucket, clients)
        artifacts.publish(clients.s3, planned, packages, TEMPLATES, detail)
        if not _schedules_run(stack):
            at_first = _with_schedules(wanted, DISABLED)
        outputs = cloudformation.apply(clients.cloudformation, at_first, note, approve)
        # before it has the warehouse's users: a second deployment into that one must see it, however this one ends
        _remember(template, outputs, clients)
    progress(copy_role.attach(outputs, clients.serverless, clients.redshift, names_grants=not is_local))
    for line in cluster_secrets.name_cluster(outputs, deployment.admin_secret_arn, clients.secrets):
        progress(line)
    purpose = preparation.purpose(template.parameters["Release"], outputs, clients.secrets)
    if stands and not deployment.prepares_anew and preparation.is_prepared(purpose, outputs, clients):
        progress(NO_CHANGE.format(deployment.stack_name))
        return Done(outputs, is_changed=False)
    # before it gives passwords: another may have begun since
    refuse_shared_warehouse(template.name, template.parameters, planned.bucket, clients, USERS_UNTOUCHED)
    progress("warehouse: users, schemas, privileges, tables")
    preparation.prepare_warehouse(outputs, _admin_secret(deployment, outputs, clients), clients, root)
    progress("transform function: parse of the dbt project")
    preparation.prepare_function(outputs["TransformFunctionName"], clients.lambda_)
    preparation.note(purpose, outputs, clients)
    if at_first != wanted:
        progress("schedules")
        outputs = cloudformation.apply(clients.cloudformation, wanted, note)
    _remember(template, outputs, clients)
    delete_old_versions(clients.lambda_, outputs, detail)
    _delete_replaced(clients, detail)
    return Done(outputs)


def _stands(
    stack: Mapping[str, Any],
    template: cloudformation.StackTemplate,
    wanted: cloudformation.StackTemplate,
    clients: Clients,
) -> bool:
    """Tell whether the last deployment was this very one, and nobody has changed the stack since.

    Then no change set needs to be made, which takes minutes where stacks are nested.
    """
    noted = artifacts.changed_at(clients.s3, artifact_bucket(clients), template)
    return noted == stacks.changed_at(stack) and cloudformation.is_as(stack, wanted)


def _remember(template: cloudformation.StackTemplate, outputs: Mapping[str, str], clients: Clients) -> None:
    stack = stacks.find(clients.cloudformation, template.name)
    changed_at = stacks.changed_at(stack) if stack else ""
    roles = copy_role.stack_roles(outputs)
    artifacts.remember(clients.s3, artifact_bucket(clients), template, changed_at, roles)


def _delete_replaced(clients: Clients, detail: Callable[[str], None]) -> None:
    """Delete what earlier deployments were made of; the deployment is done, whether or not one may."""
    try:
        for key in artifacts.delete_replaced(clients.s3, artifact_bucket(clients), datetime.now(UTC)):
            detail(f"deleted {key}")
    except ClientError as error:
        detail(f"zips and templates of earlier deployments stay: {error}")


def roll_back(
    environment: str,
    clients: Clients,
    progress: Callable[[str], None],
    detail: Callable[[str], None] = lambda _: None,
    approve: change_sets.Approve = lambda _: True,
) -> dict[str, str]:
    """Bring the stack back to what was deployed before; once more, and it is as it was. The warehouse stays as it is.

    Raises:
        DeclinedError: `approve` said no.
        ConfigError: no earlier deployment is known, another deployment lands in the warehouse, or the stack could not
            be changed.
    """
    check_environment(environment)
    bucket, name = artifact_bucket(clients), f"landfall-{environment}"
    before = artifacts.recall(clients.s3, bucket, name)
    refuse_shared_warehouse(name, before.parameters, bucket, clients)
    progress(f"stack {name}, to release {before.parameters['Release']}")
    wanted = before
    if _is_paused(name, clients):
        if SCHEDULE_STATE in before.parameters:
            progress("paused, and stays so: landfall resume")
            wanted = _with_schedules(before, DISABLED)
        else:  # CloudFormation takes no parameter that the template does not have
            progress(
                "landing is paused, and stays so: landfall resume. That release lets its schedules run: landfall pause"
            )
    outputs = cloudformation.apply(clients.cloudformation, wanted, notes(progress, detail), approve)
    _remember(before, outputs, clients)
    return outputs


def artifact_bucket(clients: Clients) -> str:
    """Name the bucket of templates and code, one for all environments of an account and Region."""
    return f"landfall-artifacts-{clients.account}-{clients.region}"


def notes(progress: Callable[[str], None], detail: Callable[[str], None]) -> Callable[[stack_events.Event], None]:
    """Tell events: `detail` gets a line for each, `progress` those of stacks that are complete and what failed."""

    def note(event: stack_events.Event) -> None:
        detail(_line(event))
        if event.is_failure or (event.status.endswith("_COMPLETE") and "." not in event.resource):
            progress(_line(event))

    return note


def _schedules_run(stack: Mapping[str, Any] | None) -> bool:
    """Tell whether the schedules run by now; until the warehouse is prepared nothing may start, which has no users yet.

    A stack of a release that knew no such parameter runs them.
    """
    return stack is not None and stacks.parameters(stack).get(SCHEDULE_STATE, ENABLED) == ENABLED


def _is_paused(stack_name: str, clients: Clients) -> bool:
    """Tell whether an operator has paused the deployment; a change of the schedules would let them go on."""
    where = f"{clients.s3.meta.partition}:sqs:{clients.region}:{clients.account}"
    queue = f"arn:{where}:{stack_name}-landing"
    mappings = clients.lambda_.list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"]
    return any(mapping["State"] in {"Disabled", "Disabling"} for mapping in mappings)


def _with_workgroup_id(parameters: Mapping[str, str], serverless: Any) -> Mapping[str, str]:
    """Look up the id that ends the ARN of the workgroup, so that the roles are for that one alone.

    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_GetWorkgroup.html

    Raises:
        ConfigError: the workgroup cannot be described.
    """
    name = parameters.get("WorkgroupName")
    if not name or parameters.get("WorkgroupId") or parameters.get(CREATE_WAREHOUSE) == "true":
        return parameters
    try:
        found = serverless.get_workgroup(workgroupName=name)["workgroup"]
    except ClientError as error:
        raise ConfigError(
            f"workgroup {name} cannot be described: {error}. Is its name right, and may you (redshift-serverless:"
            "GetWorkgroup)? Somebody who may can tell the id that ends its ARN: --parameter WorkgroupId=<id>"
        ) from error
    return {**parameters, "WorkgroupId": found["workgroupId"]}


def _with_schedules(template: cloudformation.StackTemplate, state: str) -> cloudformation.StackTemplate:
    return replace(template, parameters={**template.parameters, SCHEDULE_STATE: state})


def _template(
    deployment: Deployment, runtime: Runtime, published: artifacts.Artifacts, s3_endpoint: str
) -> cloudformation.StackTemplate:
    computed = {
        "EnvironmentName": deployment.environment,
        STAGES: ALL,
        "ArtifactBucket": published.bucket,
        "ArtifactPrefix": published.template_prefix,
        "IngestCodeKey": published.code_keys["ingest_lambda"],
        "TransformCodeKey": published.code_keys["transform_lambda"],
        "PythonRuntime": runtime.identifier,
        "Architecture": runtime.architecture,
        SCHEDULE_STATE: deployment.schedule_state,
    }
    values = {**deployment.parameters, **computed}
    return cloudformation.StackTemplate(
        name=deployment.stack_name,
        url=f"{s3_endpoint}/{published.bucket}/{published.template_prefix}main.yaml",
        parameters={**values, "Release": _release(values)},
        tags={**deployment.tags, "landfall:environment": deployment.environment},
        guard=deployment.guard,
    )


def _release(values: Mapping[str, str]) -> str:
    """Name what is deployed: the digests of code and templates are among the parameters.

    >>> _release({"BatchSize": "1", "ScheduleState": "ENABLED"}) == _release({"BatchSize": "1"})
    True
    """
    named = {name: value for name, value in values.items() if name != SCHEDULE_STATE}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[: artifacts.DIGEST_CHARACTERS]


def delete_old_versions(client: LambdaClient, outputs: Mapping[str, str], detail: Callable[[str], None]) -> None:
    """Keep each function's newest versions: what is under way needs its own, and each takes storage of the account.

    The deployment is done, whether or not one may.
    """
    try:
        _delete_versions(client, [outputs[output] for output in FUNCTIONS])
    except ClientError as error:
        detail(f"versions of functions of earlier deployments stay: {error}")


def _delete_versions(client: LambdaClient, functions: Sequence[str]) -> None:
    for name in functions:
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        numbers = sorted(
            int(each["Version"]) for page in pages for each in page["Versions"] if each["Version"].isdigit()
        )
        for number in numbers[:-KEPT_VERSIONS]:
            client.delete_function(FunctionName=name, Qualifier=str(number))


def check_keeps_files(parameters: Mapping[str, str], contracts: Mapping[str, Mapping[str, object]]) -> None:
    """Check that S3 keeps the files of datasets whose rows leave landing: nothing else brings the rows back.

    Raises:
        ConfigError: it deletes them.
    """
    days = int(parameters.get("DeleteAfterDays", "0"))
    names = ", ".join(sorted(name for name, contract in contracts.items() if "retention_days" in contract))
    if days and names:
        raise ConfigError(
            f"DeleteAfterDays={days} deletes the files that alone bring back removed rows of {names}: deploy with "
            "DeleteAfterDays=0, or leave retention_days out of the sources"
        )


def _check_keeps_warehouse(deployment: Deployment, stack: Mapping[str, Any] | None) -> None:
    """Refuse parameters that would take away the warehouse that a deployment before has made, and its network.

    Raises:
        ConfigError: they would.
    """
    before = stacks.parameters(stack) if stack else {}
    for name in (CREATE_WAREHOUSE, "CreateNetwork"):
        if before.get(name) == "true" and deployment.parameters.get(name) != "true":
            raise ConfigError(
                f"{deployment.stack_name} has been deployed with {name}=true: keep it in its parameter file"
            )


def _admin_secret(deployment: Deployment, outputs: Mapping[str, str], clients: Clients) -> str:
    """Return the administrator's secret (ARN): the one that was given, or the one that Redshift manages.

    Raises:
        ConfigError: there is neither.
    """
    secret = deployment.admin_secret_arn or copy_role.admin_secret(outputs["WorkgroupName"], clients.serverless)
    if not secret:
        raise ConfigError("the namespace has no administrator's secret of Redshift's: give --admin-secret-arn")
    return secret


def _line(event: stack_events.Event) -> str:
    return f"  {event.resource}: {event.status.replace('_', ' ').lower()} {event.reason}".rstrip()
