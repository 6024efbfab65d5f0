"""What stock ministack lacks of AWS and Landfall needs: one module a gap, each guarded against a changed upstream.

Imported only inside the server's own environment (local/aws/server.py). Every module has a function `apply()` and a
contract test in tests/local/aws/ that shows the behaviour through boto3 against the running server.
"""

from local.aws.patches import (
    asked_by_services,
    bare_runtime,
    batch_rights,
    code_unpacked_once,
    emf_metrics,
    encoded_listing,
    event_source_batches,
    event_source_numbers,
    eventbridge_versions,
    function_roles,
    group_descriptions,
    lambda_errors,
    leading_keys,
    loopback_is_secure,
    nested_stack_updates,
    policy_variables,
    publish_attributes,
    query_definitions,
    queue_lock,
    rates_start_at_once,
    recorded_rights,
    restored_versions,
    schedules_in_groups,
    secret_labels,
    started_by_roles,
    state_machine_roles,
    step_retries,
    templates_read_by_c,
    versioned_ranges,
    worker_stdout,
)

_PATCHES = (
    bare_runtime,
    worker_stdout,
    queue_lock,
    lambda_errors,
    step_retries,
    event_source_batches,
    event_source_numbers,
    nested_stack_updates,
    publish_attributes,
    emf_metrics,
    loopback_is_secure,
    versioned_ranges,
    batch_rights,
    encoded_listing,
    restored_versions,
    eventbridge_versions,
    rates_start_at_once,
    query_definitions,
    group_descriptions,
    schedules_in_groups,
    secret_labels,
    policy_variables,
    recorded_rights,
    leading_keys,
    function_roles,
    started_by_roles,
    state_machine_roles,
    asked_by_services,
    code_unpacked_once,
    templates_read_by_c,
)


def apply_all() -> list[str]:
    """Apply every patch and return their names.

    Raises:
        UpstreamChangedError: the code that a patch replaces is not the code it was written for.
    """
    for patch in _PATCHES:
        patch.apply()
    return [patch.__name__.rpartition(".")[2] for patch in _PATCHES]
