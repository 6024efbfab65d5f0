{% macro business_time(columns) -%}
    {#- A row without a time is as new as its file. In a feed of changes that would put it behind the changes beside it:
        there it has no place (is_unplaced), unless the feed is ordered by something else -#}
    {%- set datasets = model.sources | default([]) | map('last') | list or landing_datasets() -%}
    {%- set timed = feeds_ordered_by(['time'], datasets) -%}
    {%- set others = feeds_ordered_by(['sequence', 'file'], datasets) -%}
    coalesce(
        {{ columns | join(', ') }},
        case
            {%- if others %}
            when _dataset in ('{{ others | join("', '") }}') then _file_modified_at
            {%- endif %}
            {%- if timed %}
            when _dataset in ('{{ timed | join("', '") }}') then {{ no_time() }}
            {%- endif %}
            when _operation = 'D' then {{ no_time() }}
            else _file_modified_at
        end
    )
{%- endmacro %}
