{% macro checked_range(entity) -%}
    {%- set mutex = mutex_table(entity) -%}
    {%- if execute -%}
        {%- set rows = run_query(
            "select run_id, from_seq, upto_seq from " ~ mutex).rows -%}
        {%- if rows | length == 1 -%}
            {{- return({
                'run_id': rows[0][0],
                'from_seq': rows[0][1] | int,
                'upto_seq': rows[0][2] | int,
            }) -}}
        {%- endif -%}
    {%- endif -%}
    {{- return({'run_id': '', 'from_seq': 0, 'upto_seq': 0}) -}}
{%- endmacro %}
