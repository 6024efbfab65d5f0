{% macro require_gates() -%}
    {%- set missing = missing_gates() -%}
    {%- if missing -%}
        {%- set message = this ~ " is upserted without " ~ missing | length
            ~ " of its gates (" ~ missing | sort | join(', ')
            ~ "). `dbt build` runs them." -%}
        {%- if var('landfall_refuse_ungated') -%}
            {%- do exceptions.raise_compiler_error(message) -%}
        {%- else -%}
            {%- do exceptions.warn(message) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
