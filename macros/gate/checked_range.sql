{% macro checked_range(entity) -%}
    {%- set range = {'run_id': '', 'bounds': {}} -%}
    {#- compile, docs and lint render gates even where nothing has been built: no mutex, no range -#}
    {%- if is_building() or (execute and flags.WHICH == 'test') -%}
        {%- set query -%}
            select run_id, dataset, from_seq, upto_seq from {{ mutex_table(entity) }}
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do range.update({'run_id': row[0]}) -%}
            {%- do range.bounds.update({
                row[1]: {'from_seq': row[2] | int, 'upto_seq': row[3] | int}}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(range) -}}
{%- endmacro %}
