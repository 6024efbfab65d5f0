{% macro epoch_time(column, unit) -%}
    {%- set ticks = {'s': 1, 'ms': 1000, 'us': 1000000, 'ns': 1000000000}[unit] -%}
    {#- DATEADD takes an INTEGER (https://docs.aws.amazon.com/redshift/latest/dg/r_DATEADD_function.html): days, seconds
        of the day and microseconds of the second each fit one -#}
    {%- if unit == 'ns' -%}
        {%- set fraction = 'mod(' ~ column ~ ', ' ~ ticks ~ ') / 1000' -%}
    {%- else -%}
        {%- set fraction = 'mod(' ~ column ~ ', ' ~ ticks ~ ') * ' ~ 1000000 // ticks -%}
    {%- endif -%}
    case
        {#- The years 1 to 9999; of what is none a BIGINT has no more than its nanoseconds -#}
        {%- if unit == 'ns' %}
        when {{ column }} is not null
        {%- else %}
        when {{ column }} between {{ -62135596800 * ticks }} and {{ 253402300800 * ticks - 1 }}
        {%- endif %}
            then dateadd(
                us,
                cast({{ fraction }} as integer),
                dateadd(
                    second,
                    cast(mod({{ column }} / {{ ticks }}, 86400) as integer),
                    dateadd(
                        day,
                        cast({{ column }} / {{ ticks * 86400 }} as integer),
                        timestamp '1970-01-01 00:00:00'
                    )
                )
            )
    end
{%- endmacro %}
