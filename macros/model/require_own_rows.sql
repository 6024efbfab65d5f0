{% macro require_own_rows() -%}
    {%- if config.get('incremental_strategy') == 'replace_older' -%}
        {%- set checked = 'int_' ~ model.name ~ '__checked' -%}
        {#- Comments say nothing to the warehouse -#}
        {%- set query = modules.re.sub(
            '(?s){[#].*?[#]}|/[*].*?[*]/|--[^\n]*', ' ', model.raw_code).split() | join(' ') -%}
        {%- set refused = replacing_fault(checked) or (
            "ends with a semicolon, which would stand amid the statement that inserts its rows. Take it out."
            if query.endswith(';')) -%}
        {%- if refused -%}
            {%- do exceptions.raise_compiler_error(this ~ " is upserted by replace_older and " ~ refused) -%}
        {%- endif -%}
        {%- set fault = own_rows_fault(query, checked) -%}
        {%- if fault -%}
            {%- do exceptions.raise_compiler_error(
                this ~ " is upserted by replace_older, which deletes the modeled rows of which " ~ checked
                ~ " has newer ones, so its query must bring those very rows, and " ~ fault ~ ". Write it as `landfall"
                ~ " new-dataset` does, with what filters, joins and computes in " ~ checked ~ ":\n"
                ~ own_rows_shape(checked) | map('first') | join('\n')
                ~ "\nOr set incremental_strategy='merge' in its config, which deletes nothing.") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
