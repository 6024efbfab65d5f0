{% macro record_run(results) -%}
    {#- `dbt source freshness` only looks: it is no run -#}
    {%- if execute and flags.WHICH != 'freshness' -%}
        {%- set models = results | selectattr('node.resource_type', 'equalto', 'model') | list -%}
        {%- set gates = results | selectattr('node.resource_type', 'equalto', 'test') | list -%}
        {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'runtime error']) | list -%}
        insert into {{ ops_table('runs') }} (
            run_id, command, outcome, started_at, ended_at, models, gates, failed
        )
        values (
            '{{ invocation_id }}',
            '{{ flags.WHICH }}',
            '{{ run_outcome(results) }}',
            timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}',
            getdate(),
            {{ models | length }},
            {{ gates | length }},
            {{ failed | length }}
        )
    {%- endif -%}
{%- endmacro %}
