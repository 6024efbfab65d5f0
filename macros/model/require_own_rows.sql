{% macro require_own_rows() -%}
    {%- if config.get('incremental_strategy') == 'replace_older' -%}
        {%- set checked = 'int_' ~ model.name ~ '__checked' -%}
        {%- set query = modules.re.sub('--[^\n]*', '', model.raw_code).split() | join(' ') -%}
        {%- set columns = modules.re.search(
            "with newest as \\( select (.*?) from {{ ref\\('" ~ checked
            ~ "'\\) }} where {{ newest_accepted\\(\\) }} \\), final as \\( select newest\\.\\* from newest "
            ~ "{{ where_newer\\('newest'\\) }} \\) select \\* from final$", query) -%}
        {%- if not columns or modules.re.search('(?i)\\b(from|distinct|top)\\b', columns.group(1)) -%}
            {%- do exceptions.raise_compiler_error(
                this ~ " is upserted by replace_older, which deletes the modeled rows of which " ~ checked
                ~ " has newer ones, so the model must bring them all. Its query is another one than `landfall"
                ~ " new-dataset` writes: take its filters and joins into " ~ checked
                ~ ", or set incremental_strategy='merge' in its config, which deletes nothing.") -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
