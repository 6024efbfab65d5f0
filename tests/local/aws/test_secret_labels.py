"""A label of a secret is of one version: a new one takes it (patch secret_labels)."""

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices


def test_a_new_version_takes_the_label_that_it_is_given(local_aws: LocalServices) -> None:
    client = local_aws.client("secretsmanager")
    arn = client.create_secret(Name=unique("secret"), SecretString="current")["ARN"]
    for value in ("first", "second"):
        client.put_secret_value(SecretId=arn, SecretString=value, VersionStages=["AWSPENDING"])
        assert client.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["SecretString"] == value
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "current"
    labels = [label for each in client.describe_secret(SecretId=arn)["VersionIdsToStages"].values() for label in each]
    assert sorted(labels) == ["AWSCURRENT", "AWSPENDING"]
