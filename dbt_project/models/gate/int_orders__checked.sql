{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    dist='order_id',
    sort='_load_seq',
    pre_hook="{{ lock_entity() }}",
    post_hook=[
        "{{ keep_this_run_only() }}",
        "{{ record_checked_range() }}",
    ],
) }}

-- depends_on: {{ ref('stg_landed_files') }}
-- depends_on: {{ ref('stg_model_loads') }}

{% set bounds = load_bounds() %}

with landed as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        item_count,
        order_total,
        ordered_at,
        updated_at,
        _narrowing_reasons,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at
    from {{ ref('stg_orders') }}
    where
        _load_seq > {{ bounds.from_seq }}
        and _load_seq <= {{ bounds.upto_seq }}

),

{% if is_incremental() %}

    -- what the last run left open is looked at again
    carried as (

        select
            order_id,
            customer_id,
            order_status,
            currency,
            shipping_country,
            item_count,
            order_total,
            ordered_at,
            updated_at,
            _narrowing_reasons,
            _business_at,
            _row_digest,
            _file_id,
            _source_file,
            _file_modified_at,
            _load_seq,
            _loaded_at
        from {{ this }}
        where {{ carried_over(bounds) }}

    ),

    to_check as (

        select * from landed
        union all
        select * from carried

    ),

{% else %}

    to_check as (select * from landed),

{% endif %}

checked as (

    select
        *,
        {{ reject_reasons({
            'order_id_missing': is_missing('order_id'),
            'order_status_missing': is_missing('order_status'),
            'order_status_unknown': "order_status not in (
                'placed', 'paid', 'shipped', 'delivered', 'cancelled', 'returned'
            )",
            'currency_missing': is_missing('currency'),
            'currency_malformed': "currency !~ '^[A-Z][A-Z][A-Z]$'",
            'shipping_country_malformed': "shipping_country !~ '^[A-Z][A-Z]$'",
            'item_count_negative': 'item_count < 0',
            'order_total_missing': is_missing('order_total'),
            'order_total_negative': 'order_total < 0',
            'ordered_at_missing': is_missing('ordered_at'),
            'ordered_at_out_of_range': is_out_of_time('ordered_at'),
            'updated_at_out_of_range': is_out_of_time('updated_at'),
        }) }} as business_reasons
    from to_check

),

judged as (

    select
        *,
        {{ join_reasons('_narrowing_reasons', 'business_reasons') }} as reasons
    from checked

),

final as (

    select
        order_id,
        customer_id,
        order_status,
        currency,
        shipping_country,
        cast(reasons as varchar(1000)) as reject_reason,
        cast(case
            when reasons = '' then 'accepted'
            else 'quarantined'
        end as varchar(16)) as row_status,
        item_count,
        order_total,
        ordered_at,
        updated_at,
        _narrowing_reasons,
        _business_at,
        _row_digest,
        _file_id,
        _source_file,
        _file_modified_at,
        _load_seq,
        _loaded_at,
        cast('{{ invocation_id }}' as varchar(64)) as _run_id,
        cast({{ bounds.from_seq }} as bigint) as _from_seq,
        cast({{ bounds.upto_seq }} as bigint) as _upto_seq
    from judged

)

select * from final
