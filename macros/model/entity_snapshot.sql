{% macro entity_snapshot() -%}
    {%- set datasets = entity_datasets() -%}
    {%- set snapshots = snapshot_datasets() -%}
    {%- set declared = datasets | select('in', snapshots) | list -%}
    {%- if declared and datasets | length > 1 -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ " is made from " ~ datasets | join(', ') ~ ", and " ~ declared[0]
            ~ " is a snapshot: its rows are deleted when it lacks them, so that it can have no other dataset"
            ~ " beside it. Model them as two entities.") -%}
    {%- endif -%}
    {{- return(snapshots[declared[0]] if declared else none) -}}
{%- endmacro %}
