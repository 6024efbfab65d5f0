{% macro refuse_emptying() -%}
    {%- if is_building() and flags.EMPTY and not is_incremental() and load_relation(this) is not none -%}
        {%- if model.name.endswith('__checked') -%}
            {%- do exceptions.raise_compiler_error(
                "--empty would put an empty table in the place of " ~ this ~ ", and the rows that wait in it (quarantined,"
                ~ " pending, or behind a gate) would never be looked at again. Leave out --full-refresh, or --empty.") -%}
        {%- elif config.get('materialized') != 'view' and not schema_prefix() and query_value(rows_lost_if_empty()) -%}
            {%- do exceptions.raise_compiler_error(
                "--empty would put a table without inputs in the place of " ~ this ~ ", which has rows of its inputs. Leave out"
                ~ " --empty, or build into schemas of your own.") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
