{% macro change_columns(dataset=none) -%}
    {%- if dataset is none -%}
        _operation,
        _sequence_dataset,
        _sequence,
        _row_number
    {%- else -%}
        {%- set changes = changes_of(dataset) -%}
        {{ declared_operation(dataset) }} as _operation,
        {{ sequence_dataset(dataset) }} as _sequence_dataset,
        {{ declared_sequence(dataset, changes.get('sequence', [])) }} as _sequence,
        {#- A row that landed before its dataset declared changes stands before the first line #}
        cast({{ 'coalesce(_row_number, 0)' if changes else '0' }} as bigint) as _row_number
    {%- endif -%}
{%- endmacro %}
