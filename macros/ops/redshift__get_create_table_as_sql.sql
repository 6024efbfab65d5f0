{% macro redshift__get_create_table_as_sql(temporary, relation, sql) -%}
    {%- if temporary and inserts_directly() -%}
    {#- dbt compares its columns with the table's, and reads no row of it -#}
    create temporary table {{ relation.include(database=false, schema=false) }}
    {{ get_table_columns_and_constraints() }}
    {{ get_assert_columns_equivalent(sql) }}
    {%- else -%}
    {{ create_table_as(temporary, relation, sql) }}
    {%- endif -%}
{%- endmacro %}
