{% macro frozen_bound(dataset) -%}
    {%- set frozen = run_facts().bounds.get(dataset) if execute else none -%}
    {%- if frozen is none and is_building() -%}
        {%- do exceptions.raise_compiler_error(
            "no bound was frozen for dataset " ~ dataset ~ " in this run") -%}
    {%- elif frozen is none -%}
        {#- compile, docs and lint freeze nothing: show what a run would see now -#}
        {%- set frozen = query_value(
            "select coalesce(max(load_seq), 0) from " ~ ledger_table(dataset)) -%}
    {%- endif -%}
    {{- return(frozen | int) -}}
{%- endmacro %}
