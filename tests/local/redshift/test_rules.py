"""Each node of the tree has the rule that writes it, and each rule that functions.tsv names is there."""

from collections.abc import Iterable, Mapping

import pytest

from local.redshift.sql import tree
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.sql.translate import translate
from local.redshift.sql.write.calls.call import CALLS
from local.redshift.sql.write.rules import RULES


def kinds_of(base: type) -> set[type]:
    return {each for each in vars(tree).values() if isinstance(each, type) and issubclass(each, base)} - {base}


def rules_named(templates: Iterable[str]) -> set[str]:
    return {template for template in templates if template.isupper()}


@pytest.mark.parametrize(("base", "rules"), [(tree.Expression, RULES.expressions), (tree.Relation, RULES.relations)])
def test_every_node_has_a_rule(base: type, rules: Mapping[type, object]) -> None:
    assert kinds_of(base) == set(rules)


def test_a_call_by_rule_has_that_rule_and_no_rule_is_idle() -> None:
    assert rules_named(function.template for function in FUNCTIONS.values()) == set(CALLS)


def test_a_template_is_no_rule() -> None:
    assert rules_named(["", "exp(({0})::double precision)", "NVL2", "JSON_PATH"]) == {"NVL2", "JSON_PATH"}


def test_a_text_is_written_for_the_catalog_at_hand_whatever_it_was_written_for_before() -> None:
    sql = "select 1 from t, u where k = n(+)"

    def joined(t: str, u: str) -> str:
        return translate(sql, (("t", "f", f"{t}\x1finteger"), ("u", "f", f"{u}\x1finteger")))

    first = joined("k", "n")
    assert '"t" as "t" left join "u" as "u"' in first
    assert '"u" as "u" left join "t" as "t"' in joined("n", "k")
    translate.cache_clear()
    assert joined("k", "n") == first
