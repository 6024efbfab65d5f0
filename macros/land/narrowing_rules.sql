{% macro narrowing_rules(column, type) -%}
    {%- set rules = {} -%}
    {%- set kind = type.split('(')[0] -%}
    {%- set size = numbers_in(type) -%}
    {%- if kind == 'varchar' -%}
        {%- do rules.update({
            column ~ '_too_long': 'not ' ~ fits_bytes(column, size[0])}) -%}
        {%- if column in key_columns() -%}
            {#- Trimmed it would be another row's key; blanks at its end are none to Redshift's comparisons -#}
            {%- do rules.update({
                column ~ '_has_blanks': 'left(' ~ column ~ ", 1) = ' ' and trim(" ~ column ~ ") <> ''"}) -%}
        {%- endif -%}
    {%- elif kind in ('smallint', 'integer', 'bigint', 'decimal', 'numeric', 'real', 'double precision') -%}
        {#- Landing may have widened a whole number to a DECIMAL, whose fraction the cast would lose -#}
        {%- set beyond_double = is_exact_number(column) ~ ' and not ' ~ is_small_whole(column) -%}
        {%- if kind == 'double precision' -%}
            {#- What is a DOUBLE loses nothing. It is not compared: no page says what a NaN is equal to -#}
            {%- do rules.update({
                column ~ '_too_precise': beyond_double ~ ' and not ' ~ is_short_number(column)}) -%}
        {%- else -%}
            {%- do rules.update({column ~ '_out_of_range': 'not (' ~ within_type(column, type) ~ ')'}) -%}
            {%- set differs = column ~ ' <> ' ~ narrow(column, type) -%}
            {%- do rules.update({
                column ~ '_too_precise': differs ~ ' or ' ~ beyond_double if kind == 'real' else differs}) -%}
        {%- endif -%}
    {%- elif kind == 'date' -%}
        {%- do rules.update({
            column ~ '_has_time': 'cast(' ~ column ~ ' as timestamp) <> cast(cast('
            ~ column ~ ' as date) as timestamp)'}) -%}
    {%- elif kind == 'time' -%}
        {#- No time is written longer than 24:00:00.000000 -#}
        {%- do rules.update({
            column ~ '_has_date': 'octet_length(cast(' ~ column ~ ' as varchar(64))) > 15'}) -%}
    {%- endif -%}
    {{- return(rules) -}}
{%- endmacro %}
