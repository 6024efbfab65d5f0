{% macro reject_reasons(always, unless_deleted={}) -%}
    {#- A delete brings a key and a time; of the rest it says nothing that could be wrong -#}
    {%- set rules = {
        'operation_unknown': "_operation not in ('I', 'U', 'D')",
        'delete_without_time': "_operation = 'D' and _business_at = timestamp '1970-01-01 00:00:00'",
    } -%}
    {%- do rules.update(always) -%}
    {%- for reason, condition in unless_deleted.items() -%}
        {%- do rules.update({reason: "_operation <> 'D' and (" ~ condition ~ ")"}) -%}
    {%- endfor -%}
    rtrim(
        case when _narrowing_reasons <> '' then _narrowing_reasons || ', ' else '' end
        || {{ join_reasons(rules) }},
        ', '
    )
{%- endmacro %}
