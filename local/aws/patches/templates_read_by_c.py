"""Templates are read by libyaml: stock ministack reads them in Python, a tenth as fast, many times a deployment."""

from ministack.services.cloudformation import engine  # type: ignore[import-not-found]  # server environment
from yaml import CSafeLoader

from local.aws.patches.guard import expect_source


class CfnLoader(CSafeLoader):
    """ministack's loader, with CloudFormation's short forms, on libyaml."""

    yaml_constructors = engine.CfnLoader.yaml_constructors
    yaml_multi_constructors = engine.CfnLoader.yaml_multi_constructors
    yaml_implicit_resolvers = engine.CfnLoader.yaml_implicit_resolvers


def apply() -> None:
    """Read templates by libyaml."""
    expect_source(engine.CfnLoader, "4bc1037a0ca6e4cefda527a755f241903124eb009ccd9b0085f7a709f8c51740")
    expect_source(engine._parse_template, "3accea2c0e1106516b04170433fb51f661a9cda8b66b7ff78c985ed533bfc84e")
    engine.CfnLoader = CfnLoader
