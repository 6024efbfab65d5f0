{% macro declared_kind(dataset, column) -%}
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
    {%- set kinds = {} -%}
    {%- for kind, others in aliases.items() -%}
        {%- for name in [kind] + others -%}
            {%- do kinds.update({name: kind}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set types = {} -%}
    {%- for name, declared in landing_source(dataset).columns.items() -%}
        {%- do types.update({name | lower: declared.data_type or 'no type'}) -%}
    {%- endfor -%}
    {%- set type = types.get(column | lower, 'no column') -%}
    {%- set name = (type | lower).split('(')[0] | trim -%}
    {%- if name not in kinds -%}
        {%- do exceptions.raise_compiler_error(
            "changes of " ~ dataset ~ " name " ~ column ~ ", which is declared as " ~ type ~ ": give it the data_type"
            ~ " that landing has") -%}
    {%- endif -%}
    {{- return(kinds[name]) -}}
{%- endmacro %}
