{% macro record_checked_range() -%}
    {%- if not flags.EMPTY -%}
        {%- set mutex = mutex_table(entity_config('entity')) -%}
        {%- set upto_seq = frozen_bound(entity_config('dataset')) -%}
        {#- A range without rows starts where it ends, unless the model starts anew -#}
        {%- set from_seq = upto_seq if continues() else 0 -%}
        delete from {{ mutex }};
        insert into {{ mutex }} (run_id, from_seq, upto_seq)
        select
            '{{ invocation_id }}',
            coalesce(max(_from_seq), {{ from_seq }}),
            coalesce(max(_upto_seq), {{ upto_seq }})
        from {{ this }}
        where _run_id = '{{ invocation_id }}';
    {%- endif -%}
{%- endmacro %}
