{% macro type_holds(found, declared) -%}
    {#- Landing may have widened a number (SMALLINT < INTEGER < BIGINT < DECIMAL); staging narrows it back -#}
    {%- set families = {
        'smallint': 'number', 'integer': 'number', 'bigint': 'number',
        'numeric': 'number', 'decimal': 'number',
        'real': 'float', 'double precision': 'float',
        'character varying': 'text', 'varchar': 'text',
        'timestamp': 'time', 'timestamp without time zone': 'time', 'date': 'time',
        'boolean': 'boolean',
        'time': 'clock', 'time without time zone': 'clock',
        'varbyte': 'bytes', 'binary varying': 'bytes',
    } -%}
    {%- if found is none -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set found_name = found.split('(')[0] | trim -%}
    {%- set declared_name = declared.split('(')[0] | trim -%}
    {{- return(
        families.get(found_name, found_name)
        == families.get(declared_name, declared_name)) -}}
{%- endmacro %}
