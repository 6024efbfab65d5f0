"""OPERATE: let the secrets of a cluster's users name the cluster. In: the stack's outputs. Out: secrets, lines to show.

The Data API compares the cluster of a request with that of the secret, `dbClusterIdentifier`:
https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-secrets.html. The template does not put it in: where the
SecretStringTemplate of a secret changes, CloudFormation makes a version with another password
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-secretsmanager-secret-generatesecretstring.html),
so that every log-in of a deployment that is there would be refused until its users have that. Here the password stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CLUSTER_KEY = "dbClusterIdentifier"
SECRETS = ("LoaderSecretArn", "TransformerSecretArn", "ReaderSecretArn")  # outputs
PUT = f"somebody who may (secretsmanager:PutSecretValue) puts {CLUSTER_KEY} into it, or the Data API may refuse it"
# Nobody but the service that made such a secret may change it:
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
REDSHIFT = "redshift"
ANOTHER = (
    "it is Redshift's own, which nobody else can change. Where the Data API refuses it, take another superuser: "
    "as the administrator `create user landfall_admin createuser password '...'`, a secret of yours with its username, "
    f"its password and {CLUSTER_KEY}={{cluster}}, and --admin-secret-arn with that secret"
)


def with_cluster(value: Mapping[str, Any], outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return a secret's value that names the cluster, where there is one.

    >>> with_cluster({"username": "u", "password": "p"}, {"ClusterIdentifier": "c"})
    {'username': 'u', 'password': 'p', 'dbClusterIdentifier': 'c'}
    >>> with_cluster({"username": "u", "password": "p"}, {"WorkgroupName": "w"})
    {'username': 'u', 'password': 'p'}
    """
    cluster = outputs.get("ClusterIdentifier")
    return {**value, CLUSTER_KEY: cluster} if cluster else dict(value)


def name_cluster(outputs: Mapping[str, str], admin_secret_arn: str, secrets: SecretsManagerClient) -> Iterator[str]:
    """Put the cluster into the users' secrets where it is missing; yield what was done, and what others must do.

    The administrator's secret is somebody else's, and stays as it is.
    """
    cluster = outputs.get("ClusterIdentifier")
    if not cluster:
        return
    for name in SECRETS:
        arn = outputs[name]
        try:
            value = _value(secrets, arn)
            if names(value, cluster):
                continue
            text = json.dumps(with_cluster(value, outputs))
            secrets.put_secret_value(SecretId=arn, SecretString=text)
            yield f"secret {arn}: names cluster {cluster} now"
        except ClientError as error:
            why = error.response["Error"]["Message"]
            yield f"secret {arn}: whether it names cluster {cluster} is not seen to, since {why}; {PUT}"
    try:
        if not names(_value(secrets, admin_secret_arn), cluster):
            remedy = ANOTHER.format(cluster=cluster) if _is_redshifts(secrets, admin_secret_arn) else PUT
            yield f"secret {admin_secret_arn} of the administrator does not name cluster {cluster}: {remedy}"
    except ClientError:
        return  # the Data API reads it by the same right, and says so


def names(value: Mapping[str, Any], cluster: str) -> bool:
    """Tell whether a secret's value names this cluster."""
    return value.get(CLUSTER_KEY) == cluster


def _is_redshifts(secrets: SecretsManagerClient, arn: str) -> bool:
    """Tell whether Redshift manages a secret; by its name, which begins so, where one may not ask."""
    try:
        return secrets.describe_secret(SecretId=arn).get("OwningService") == REDSHIFT
    except ClientError:
        return f":secret:{REDSHIFT}!" in arn


def _value(secrets: SecretsManagerClient, arn: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    return value
