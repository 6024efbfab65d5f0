{% macro require_full_range() -%}
    {#- A table that is built anew needs every row, not those of the last range alone. Asked behind the mutex: until it is
        taken another run may put its rows in the place of this one's -#}
    {%- if is_building() and not is_incremental() and not (flags.EMPTY and load_relation(this) is none) -%}
        {%- set query -%}
            select count(*)
            from {{ mutex_table(entity_config('entity')) }}
            where run_id = '{{ invocation_id }}' and from_seq = 0
        {%- endset -%}
        {%- if flags.EMPTY or query_value(query) < entity_config('datasets') | length -%}
            {%- do exceptions.raise_compiler_error(
                "building " ~ this ~ " anew would lose rows: its checked rows were not"
                ~ " rebuilt from the beginning in this run, or another run has checked its own since."
                ~ " Use: dbt build --full-refresh --select +" ~ this.identifier ~ "+") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
