{% macro record_run(results) -%}
    {#- `dbt source freshness` only looks: it is no run -#}
    {%- if execute and flags.WHICH != 'freshness' -%}
        {%- set models = results | selectattr('node.resource_type', 'equalto', 'model') | list -%}
        {%- set gates = results | selectattr('node.resource_type', 'equalto', 'test') | list -%}
        {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'runtime error']) | list -%}
        {%- set has_phases = graph.get('phases_recorded_by') == invocation_id -%}
        insert into {{ ops_table('runs') }} (
            run_id, command, outcome, started_at, ended_at, models, gates, failed{% if has_phases %}, statements, phases{% endif %}

        )
        values (
            '{{ invocation_id }}',
            '{{ flags.WHICH }}',
            '{{ run_outcome(results) }}',
            timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}',
            sysdate,
            {{ models | length }},
            {{ gates | length }},
            {{ failed | length }}
            {%- if has_phases %},
            {#- the function's own adapter counts; dbt's stock adapter does not #}
            {{ adapter.statements_sent() if adapter.statements_sent is defined else 'null' }},
            {{ sql_text(run_phases(results), 1024) }}
            {%- endif %}
        )
    {%- endif -%}
{%- endmacro %}
