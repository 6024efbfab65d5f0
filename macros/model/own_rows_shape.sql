{% macro own_rows_shape(checked) -%}
    {{- return([
        ["with newest as ( select",
            "(?i)\\bwith (?P<rows>\\w+) as \\( ?select "],
        ["<columns by their names>, {{ unless_deleted([<names>]) }}, {{ modeled_columns() }}",
            "(?P<columns>.*?)"],
        ["from {{ ref('" ~ checked ~ "') }}",
            " from {{-? ?ref\\( ?['\"]" ~ checked ~ "['\"] ?\\) ?-?}}"],
        ["where {{ newest_accepted() }} ),",
            " where {{-? ?newest_accepted\\(\\) ?-?}} ?\\) ?, ?"],
        ["final as ( select newest.* from newest {{ where_newer('newest') }} )",
            "(?P<newer>\\w+) as \\( ?select (?P=rows)\\.\\* from (?P=rows)"
            ~ " {{-? ?where_newer\\( ?['\"](?P=rows)['\"] ?\\) ?-?}} ?\\) ?"],
        ["select * from final",
            "select \\* from (?P=newer)$"],
    ]) -}}
{%- endmacro %}
