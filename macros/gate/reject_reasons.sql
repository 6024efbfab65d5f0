{% macro reject_reasons(always, unless_deleted={}) -%}
    {#- A delete brings a key and its place in the order; of the rest it says nothing that could be wrong -#}
    {%- set rules = {'operation_unknown': "_operation not in ('I', 'U', 'D')"} -%}
    {%- do rules.update(order_reasons()) -%}
    {%- do rules.update(always) -%}
    {%- for reason, condition in unless_deleted.items() -%}
        {%- do rules.update({reason: "_operation <> 'D' and (" ~ condition ~ ")"}) -%}
    {%- endfor -%}
    {{ join_reasons(rules, first='_narrowing_reasons') }}
{%- endmacro %}
