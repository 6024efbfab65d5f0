{% macro type_holds(found, declared) -%}
    {#- Landing may have widened a column (SMALLINT < INTEGER < BIGINT < DECIMAL, REAL < DOUBLE PRECISION, DATE <
        TIMESTAMP); staging narrows it back -#}
    {%- set families = {
        'smallint': 'number', 'integer': 'number', 'bigint': 'number', 'decimal': 'number',
        'real': 'float', 'double precision': 'float',
        'date': 'moment', 'timestamp': 'moment',
    } -%}
    {%- set has = type_kind(found) or found -%}
    {%- set asked = type_kind(declared) or declared -%}
    {{- return(found is not none
        and families.get(has, has) == families.get(asked, asked)) -}}
{%- endmacro %}
