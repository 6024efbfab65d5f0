{% macro diagnosis_chapter(column) -%}
    {%- set chapters = {
        'A00': 'infectious', 'C00': 'neoplasms', 'D50': 'blood', 'E00': 'endocrine',
        'F01': 'mental', 'G00': 'nervous', 'H00': 'eye', 'H60': 'ear',
        'I00': 'circulatory', 'J00': 'respiratory', 'K00': 'digestive', 'L00': 'skin',
        'M00': 'musculoskeletal', 'N00': 'genitourinary', 'O00': 'pregnancy',
        'P00': 'perinatal', 'Q00': 'congenital', 'R00': 'symptoms', 'S00': 'injury',
        'U00': 'special', 'V00': 'external cause', 'Z00': 'health status',
    } -%}
    case
        {%- for first_code, chapter in chapters.items() | reverse %}
        when {{ column }} >= '{{ first_code }}' then '{{ chapter }}'
        {%- endfor %}
    end
{%- endmacro %}
