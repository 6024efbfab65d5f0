{% macro refuse_emptying() -%}
    {%- if is_building() and flags.EMPTY and not is_incremental() and load_relation(this) is not none -%}
        {%- do exceptions.raise_compiler_error(
            "--empty would put an empty table in the place of " ~ this ~ ", and the rows that wait in it (quarantined,"
            ~ " pending, or behind a gate) would never be looked at again. Leave out --full-refresh, or --empty.") -%}
    {%- endif -%}
{%- endmacro %}
