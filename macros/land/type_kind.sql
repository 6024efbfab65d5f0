{% macro type_kind(type) -%}
    {%- set aliases = {
        'smallint': ['int2'],
        'integer': ['int', 'int4'],
        'bigint': ['int8'],
        'decimal': ['numeric'],
        'real': ['float4'],
        'double precision': ['float', 'float8'],
        'varchar': ['nvarchar', 'text', 'character varying', 'char', 'character', 'bpchar'],
        'boolean': ['bool'],
        'date': [],
        'time': ['time without time zone'],
        'timestamp': [
            'timestamp without time zone', 'timestamptz', 'timestamp with time zone',
        ],
        'super': [],
        'varbyte': ['varbinary', 'binary varying'],
    } -%}
    {%- set name = (type or '').lower().split('(')[0] | trim -%}
    {%- for kind, others in aliases.items() if name == kind or name in others -%}
        {{- return(kind) -}}
    {%- endfor -%}
{%- endmacro %}
