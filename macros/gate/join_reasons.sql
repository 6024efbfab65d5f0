{% macro join_reasons(rules, first=none) -%}
    {#- A condition that is NULL is no reason, so the result is never NULL. Most rows have none: no text is joined for them -#}
    {%- if not rules and first is none -%}
        ''
    {%- else -%}
    case
        when
            {%- if first is not none %}
            {{ first }} <> ''
            {%- endif %}
            {%- for condition in rules.values() %}
            {% if first is not none or not loop.first %}or {% endif -%}
            ({{ condition }})
            {%- endfor %}
            then rtrim(
                {{ "case when " ~ first ~ " <> '' then " ~ first ~ " || ', ' else '' end" if first is not none else "''" }}
                {%- for reason, condition in rules.items() %}
                || case when {{ condition }} then '{{ reason }}, ' else '' end
                {%- endfor %},
                ', '
            )
        else ''
    end
    {%- endif -%}
{%- endmacro %}
