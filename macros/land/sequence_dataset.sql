{% macro sequence_dataset(dataset) -%}
    {%- set changes = changes_of(dataset) -%}
    {%- set name = dataset if changes.get('sequence') else '' -%}
    {%- set restarts = changes.get('restarts', []) -%}
    {%- if restarts -%}
    {#- The name of a dataset has at most 100 characters -#}
    cast(case
        {%- for moment in restarts | reverse %}
        {#- As text behind the name alone, and of two the later behind the earlier #}
        when _file_modified_at >= timestamp '{{ moment }}' then '{{ name }} {{ '%05d' % loop.revindex }}'
        {%- endfor %}
        else '{{ name }}'
    end as varchar(128))
    {%- else -%}
    cast('{{ name }}' as varchar(128))
    {%- endif -%}
{%- endmacro %}
