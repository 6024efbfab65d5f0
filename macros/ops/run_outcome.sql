{% macro run_outcome(results) -%}
    {%- set statuses = [] -%}
    {%- for result in results -%}
        {#- What refuse_gap stops has not broken: it is stopped as by a gate -#}
        {%- set is_refused = 'were removed from landing, since they are older' in (result.message or '') -%}
        {%- do statuses.append('fail' if is_refused else result.status | string) -%}
    {%- endfor -%}
    {#- the function's own adapter knows of the invocations before; with dbt's stock adapter an invocation is a run -#}
    {%- set before = adapter.outcome_before() if adapter.outcome_before is defined else none -%}
    {%- if 'error' in statuses or 'runtime error' in statuses or before == 'error' -%}
        {{- return('error') -}}
    {%- elif 'fail' in statuses or before == 'gate_failed' -%}
        {{- return('gate_failed') -}}
    {%- endif -%}
    {{- return('succeeded') -}}
{%- endmacro %}
