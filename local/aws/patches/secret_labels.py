"""A label that a new version of a secret is given moves to it, since a label is of one version alone.

Stock ministack moves AWSCURRENT, and leaves any other label on the version before too, which is then the one that is
found by it (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
"""

import json
from typing import Any

from ministack.services import secretsmanager  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

OK = 200


def apply() -> None:
    """Take the labels from where they were."""
    put = secretsmanager._put_secret_value
    expect_source(put, "d09b0557e1697d62d322f7fff42ae48b1017fbae867fb3c49a01209cff89b0ce")

    def put_secret_value(data: dict[str, Any]) -> Any:
        answer = put(data)
        if answer[0] == OK:
            _, secret = secretsmanager._resolve(data["SecretId"])
            _move(secret["Versions"], json.loads(answer[2])["VersionId"])
        return answer

    secretsmanager._put_secret_value = put_secret_value


def _move(versions: dict[str, Any], new: str) -> None:
    labels = set(versions[new]["Stages"])
    for each, version in versions.items():
        if each != new:
            version["Stages"] = [label for label in version["Stages"] if label not in labels]
