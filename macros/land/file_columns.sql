{% macro file_columns(dataset=none) -%}
    {% if dataset is not none -%}
        cast('{{ dataset }}' as varchar(128)) as _dataset,
    {%- else -%}
        _dataset,
    {%- endif %}
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at
{%- endmacro %}
