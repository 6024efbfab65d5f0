{% macro guard_upsert() -%}
    {%- if is_building() -%}
        {%- do require_own_rows() -%}
        {%- set fault = strategy_fault() -%}
        {%- if fault -%}
            {#- dbt prints no word of what stops a batch of a microbatch model -#}
            {%- do log(this ~ " " ~ fault, info=true) -%}
            {%- do exceptions.raise_compiler_error(this ~ " " ~ fault) -%}
        {%- endif -%}
        {#- Here to say so before anything is done; what counts is the hook's, behind the mutex -#}
        {%- do require_full_range() -%}
        {%- do require_checked_rows() -%}
        {%- do require_gates() -%}
        {#- Nodes share dbt's graph: `record_model_load` reads there whether the table keeps the rows that it has -#}
        {%- do graph.setdefault('kept_tables', {}).update({(invocation_id, model_name(this)): is_incremental()}) -%}
    {%- endif -%}
{%- endmacro %}
