{% macro record_checked_rows(results) -%}
    {%- set checked = [] -%}
    {%- for result in results if result.status == 'success' -%}
        {%- if result.node.name.endswith('__checked') and result.node.config.meta.get('entity') -%}
            {%- do checked.append(result.node) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if execute and checked and not schema_prefix() -%}
        insert into {{ ops_table('checked_rows') }} (
            run_id, entity, dataset, from_seq, upto_seq, accepted, quarantined, pending, counted_at
        )
        {%- for node in checked %}
        {#- `__checked` has the rows of the run that its mutex names alone, and that has their ranges #}
        select
            taken.run_id,
            '{{ node.config.meta.entity }}',
            taken.dataset,
            taken.from_seq,
            taken.upto_seq,
            {%- for status in ('accepted', 'quarantined', 'pending') %}
            sum(case when sorted.row_status = '{{ status }}' then sorted.new_rows else 0 end),
            {%- endfor %}
            sysdate
        from {{ mutex_table(node.config.meta.entity) }} as taken
        inner join (
            select
                _dataset,
                row_status,
                sum(case when {{ is_new_row() }} then 1 else 0 end) as new_rows
            from {{ node.relation_name }}
            group by _dataset, row_status
        ) as sorted
            on taken.dataset = sorted._dataset
        where taken.run_id = '{{ invocation_id }}'
        group by taken.run_id, taken.dataset, taken.from_seq, taken.upto_seq
        having sum(sorted.new_rows) > 0
        {% if not loop.last %}union all{% endif %}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
