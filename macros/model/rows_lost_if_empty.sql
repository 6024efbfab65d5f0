{% macro rows_lost_if_empty() -%}
    {#- A constant row, a spine and an aggregate of no rows are there without inputs too -#}
    {%- set rebuilt = get_columns_in_query(model.compiled_code) -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) if column.name in rebuilt and column.dtype | lower != 'super' -%}
        {%- do columns.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    select count(*)
    from (
        select {{ columns | join(', ') or 1 }} from {{ this }}
        {% if columns -%}
        except
        select {{ columns | join(', ') }}
        from (
            {{ model.compiled_code }}
        ) as without_inputs
        {%- endif %}
    ) as lost
{%- endmacro %}
