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
        {#- A run has one range of each dataset #}
        select
            '{{ invocation_id }}',
            '{{ node.config.meta.entity }}',
            _dataset,
            min(_from_seq),
            max(_upto_seq),
            {%- for status in ('accepted', 'quarantined', 'pending') %}
            sum(case when row_status = '{{ status }}' then 1 else 0 end),
            {%- endfor %}
            sysdate
        from {{ node.relation_name }}
        where {{ of_this_run() }} and {{ is_new_row() }}
        group by _dataset
        {% if not loop.last %}union all{% endif %}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
