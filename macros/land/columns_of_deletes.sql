{% macro columns_of_deletes(types) -%}
    {%- set keys = key_columns() -%}
    {#- Of a staging model that does not tell its key, or makes it of other columns, any column may be a part of it; and one
        that was written before a source could declare `changes` has no `_operation` beside its columns -#}
    {%- if not keys or keys | reject('in', types) | list or not keeps_order() -%}
        {{- return(types | list) -}}
    {%- endif -%}
    {#- A day without its time would be another place in the order -#}
    {%- set said = modules.re.search("business_time\\(\\s*\\[([^\\]]*)\\]", model.raw_code) -%}
    {%- set times = modules.re.findall("\\w+", said.group(1)) if said else types | list -%}
    {%- set asked = [] -%}
    {%- for column, type in types.items() if column in keys or (type == 'date' and column in times) -%}
        {%- do asked.append(column) -%}
    {%- endfor -%}
    {{- return(asked) -}}
{%- endmacro %}
