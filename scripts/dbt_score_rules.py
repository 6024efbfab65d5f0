"""What dbt-score asks of the dbt project beside its own rules. In: a node of the manifest. Out: what is wrong with it.

`pyproject.toml` names this module and says why rules of dbt-score's own are off; `make lint` runs them all.
"""

from dbt_score import Exposure, Model, RuleViolation, rule


@rule
def model_has_group(model: Model) -> RuleViolation | None:
    """A model belongs to a group, whose owner answers for it."""
    return None if model.group else RuleViolation("It belongs to no group: `config: {group: ...}`.")


@rule
def primary_key_is_examined(model: Model) -> RuleViolation | None:
    """A declared primary key is examined by a `unique_key` test: Redshift enforces none."""
    keys = [each.columns for each in model.constraints if each.type == "primary_key"]
    keys += [[each.name] for each in model.columns for has in each.constraints if has.type == "primary_key"]
    examined = [_columns(test.kwargs.get("key")) for test in model.tests if test.type == "unique_key"]
    missing = [key for key in keys if _columns(key) not in examined]
    return RuleViolation(f"No unique_key test examines its primary key {missing[0]}.") if missing else None


@rule
def exposure_uses_what_is_public(exposure: Exposure) -> RuleViolation | None:
    """What is used outside of the project is public: who changes it changes what others rely on."""
    others = [parent.name for parent in exposure.parents if isinstance(parent, Model) and parent.access != "public"]
    return RuleViolation(f"It uses what is not `access: public`: {', '.join(others)}.") if others else None


def _columns(key: str | list[str] | None) -> set[str]:
    return {key} if isinstance(key, str) else set(key or ())
