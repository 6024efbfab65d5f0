{% macro query_value(query) -%}
    {#- dbt renders everything once to find the references, without a warehouse -#}
    {{- return(run_query(query).rows[0][0] if execute else none) -}}
{%- endmacro %}
