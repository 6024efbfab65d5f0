{% macro text_time(column) -%}
    {#- A cast of anything else is an error, which would stop the whole build. CASE in CASE: the day is looked at only of
        what has a month -#}
    case
        when {{ column }} ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+]00(:?00)?)?$'
            then case
                when cast(substring({{ column }}, 9, 2) as integer)
                    <= date_part(day, last_day(cast(left({{ column }}, 7) || '-01' as date)))
                    then cast(
                        replace(left({{ column }}, 19), 'T', ' ') || '.' || rpad(left(
                            split_part(split_part(split_part({{ column }}, '.', 2), 'Z', 1), '+', 1), 6
                        ), 6, '0') as timestamp
                    )
            end
    end
{%- endmacro %}
