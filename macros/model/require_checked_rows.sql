{% macro require_checked_rows() -%}
    {#- An UPSERT takes the rows of its own run alone: where that has checked none, there are none, whatever waits, and to end
        green would say that it is modeled. What a run has selected does not tell: `dbt retry` selects what it leaves out -#}
    {%- if not flags.EMPTY and (invocation_id, entity_config('entity')) not in graph.get('checked_entities', []) -%}
        {%- do exceptions.raise_compiler_error(
            "nothing to upsert into " ~ this ~ ": it takes the rows that were checked in the same run, and this run has left"
            ~ " that out. Use: dbt build --select +" ~ this.identifier ~ "+") -%}
    {%- endif -%}
{%- endmacro %}
